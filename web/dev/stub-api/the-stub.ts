import type { Context } from 'hono'
import { problemSchema, type Run } from '#contracts/api.ts'
import { changeEventSchema, type ChangeEvent } from '#contracts/change-events.ts'
import { describeRuns } from '#domain/run-ranges.ts'
import type { StoredReduction, World } from '../world.ts'

type Listener = (event: ChangeEvent) => void

/** What tests change beside the world: the service's troubles. */
export type StubTroubles = {
  /** Answers 502 to everything, as a proxy does while the API is away. */
  isDown: boolean
  /** Refuses the event stream alone. */
  hasNoEvents: boolean
  /** Refuses the streams of logs. */
  hasNoLogStream: boolean
  /** Answers one path with this problem. */
  problems: Map<string, { readonly status: 400 | 404 | 409 | 422 | 500; readonly detail: string }>
  /** Paths that are answered only when the promise is fulfilled. */
  held: Map<string, Promise<void>>
}

/** What all routes share: the world, what is told of it, and what is asked of it in more than one place. */
export const makeStub = (world: World) => {
  const listeners = new Set<Listener>()
  const events: ChangeEvent[] = []
  const troubles: StubTroubles = {
    isDown: false,
    hasNoEvents: false,
    hasNoLogStream: false,
    problems: new Map(),
    held: new Map(),
  }
  const calls: {
    readonly method: string
    readonly path: string
    readonly body: unknown
    readonly key: string | undefined
  }[] = []
  const cuts = new Set<() => void>()

  const emit = (given: Omit<ChangeEvent, 'id' | 'at'>): void => {
    const event = changeEventSchema.parse({ ...given, id: events.length + 1, at: new Date().toISOString() })
    events.push(event)
    for (const listener of listeners) listener(event)
  }
  const problem = (context: Context, status: 400 | 404 | 409 | 422 | 500 | 502, detail: string) =>
    context.body(
      JSON.stringify(problemSchema.parse({ type: 'about:blank', title: 'Not possible', status, detail })),
      status,
      {
        'content-type': 'application/problem+json',
      },
    )

  const reductionsOf = (instrument: string, runNumber: number): StoredReduction[] =>
    [...world.reductions.values()]
      .filter(
        (reduction) =>
          reduction.instrument === instrument && reduction.runNumber === runNumber && reduction.batchRuns === undefined,
      )
      .sort((left, right) => right.version - left.version)
  const batches = (instrument: string): StoredReduction[] =>
    [...world.reductions.values()]
      .filter((reduction) => reduction.instrument === instrument && reduction.batchRuns !== undefined)
      .sort((left, right) => right.id - left.id)
  const ends = ({ batchRuns = [] }: StoredReduction): string => `${batchRuns[0]}-${batchRuns.at(-1)}`
  const batchesLike = (one: StoredReduction): StoredReduction[] =>
    batches(one.instrument).filter((other) => ends(other) === ends(one))
  const batchesOf = (instrument: string, run: number) =>
    batches(instrument)
      .filter(({ batchRuns }) => batchRuns?.includes(run))
      .map(({ id, version, state, batchRuns }) => ({ id, version, state, runs: describeRuns(batchRuns ?? []) }))
  const change = (reduction: StoredReduction, more: Partial<StoredReduction>): void => {
    const changed = { ...reduction, ...more }
    world.reductions.set(reduction.id, changed)
    const { instrument, runNumber, id: reductionId, state, reason } = changed
    emit({ kind: 'reduction', instrument, runNumber, reductionId, state, reason })
  }
  const runOf = (key: string): Run => {
    const run = world.runs.get(key)
    if (!run) throw new Error(`no run ${key}`)
    const latest = reductionsOf(run.instrument, run.runNumber)[0]
    return {
      ...run,
      latest: latest
        ? {
            id: latest.id,
            version: latest.version,
            state: latest.state,
            reason: latest.reason,
            startedAt: latest.startedAt,
            finishedAt: latest.finishedAt,
          }
        : null,
    }
  }
  const runsNewestFirst = (): Run[] =>
    [...world.runs.keys()]
      .map(runOf)
      .sort(
        (left, right) => (right.endedAt ?? '').localeCompare(left.endedAt ?? '') || right.runNumber - left.runNumber,
      )

  return {
    world,
    listeners,
    events,
    troubles,
    calls,
    cuts,
    emit,
    problem,
    reductionsOf,
    batches,
    batchesLike,
    batchesOf,
    change,
    runOf,
    runsNewestFirst,
  }
}
export type Stub = ReturnType<typeof makeStub>
