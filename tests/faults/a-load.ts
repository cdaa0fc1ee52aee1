import { z } from 'zod'
import { submissionAnswerSchema, type Outcome } from '#contracts/submission.ts'
import { batchTarget } from '#domain/batches.ts'
import type { Chance } from '../a-stack/chance.ts'
import { pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { instruments, type Instrument } from './faults-stack.ts'

/** A reduction that must exist at the end. */
export type Expected = {
  readonly instrument: Instrument
  /** One; those of a batch. */
  readonly runs: readonly number[]
  /** The run number, or what the batch is called. */
  readonly target: string
  readonly version: number
  /** Somebody cancels it while it waits or runs, if they are in time. */
  readonly isCancelled?: true
}

export type Load = {
  readonly expected: readonly Expected[]
  /** Settles when everything has been announced and submitted. */
  readonly give: () => Promise<void>
  /** Gives a part of what is kept back for the strikes: every instrument announces a run. */
  readonly giveMore: () => void
  /** Nothing more will be struck: all that is kept back comes in its own time. */
  readonly giveRest: () => void
}

const [usualRunsEach, rerunsEach, keptBackEach] = [12, 3, 4]
/** The runs that every cause re-runs; reduced once before the first. */
const firstRun = 1001

const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, place) => first + place)

const rerunRuns = numbers(firstRun, rerunsEach)
/** Re-run too, and cancelled. */
export const cancelledRun = firstRun + rerunsEach
const oldRuns = [...rerunRuns, cancelledRun]

const targetOf = (runs: readonly number[]): string => (runs.length > 1 ? batchTarget(runs) : String(runs[0]))

/** Runs that are there, Completed, before the first fault. */
export const reduceFirstRuns = async ({ archive }: Stack): Promise<readonly Expected[]> => {
  for (const instrument of instruments) {
    await archive.addRuns(instrument, oldRuns)
    await archive.announce(instrument, cancelledRun)
  }
  return instruments.flatMap((instrument) =>
    oldRuns.map((run) => ({ instrument, runs: [run], target: targetOf([run]), version: 0 })),
  )
}

const nextVersions = async (stack: Stack): Promise<ReadonlyMap<string, number>> => {
  const rows = await stack.database.rows(
    z.object({ instrument: z.string(), target: z.string(), version: z.number() }),
    'SELECT instrument, target, MAX(version) AS version FROM reductions GROUP BY instrument, target',
  )
  return new Map(rows.map(({ instrument, target, version }) => [`${instrument} ${target}`, version + 1]))
}

const highestRun = async (stack: Stack): Promise<number> => {
  const [row] = await stack.database.rows(z.object({ run: z.number() }), 'SELECT MAX(run_number) AS run FROM runs')
  return row?.run ?? cancelledRun
}

/**
 * 68 reductions of mixed length over about a quarter of a minute: 48 runs that their instruments announce one after the other; and for
 * each instrument three re-runs, a batch of them, and a re-run that is cancelled, each submitted with a key until it is answered. Each
 * instrument keeps its last runs back for the moments of the strikes. `runsEach`: where an instrument announces more or fewer than twelve.
 */
export const prepareLoad = async (
  stack: Stack,
  chance: Chance,
  cause: string,
  runsEach = usualRunsEach,
): Promise<Load> => {
  const versions = await nextVersions(stack)
  const fresh = numbers((await highestRun(stack)) + 1, runsEach)
  for (const instrument of instruments) await stack.archive.addRuns(instrument, fresh)
  const again = (instrument: Instrument, runs: readonly number[]): Expected => {
    const target = targetOf(runs)
    return { instrument, runs, target, version: versions.get(`${instrument} ${target}`) ?? 0 }
  }
  const expected: Expected[] = instruments.flatMap((instrument) => [
    ...fresh.map((run) => ({ instrument, runs: [run], target: targetOf([run]), version: 0 })),
    ...rerunRuns.map((run) => again(instrument, [run])),
    again(instrument, rerunRuns),
    { ...again(instrument, [cancelledRun]), isCancelled: true as const },
  ])
  const kept = Array.from({ length: keptBackEach }, () => Promise.withResolvers<undefined>())
  let given = 0
  const giveMore = (): void => kept[given++]?.resolve(undefined)

  const measure = async (instrument: Instrument): Promise<void> => {
    const pace = chance.of(`${instrument} measures`)
    for (const [place, run] of fresh.entries()) {
      await kept[place - (runsEach - keptBackEach)]?.promise
      await stack.archive.announce(instrument, run)
      // Sooner than cron would, so that detection and submission are at work when faults strike.
      stack.call('detect').catch(() => undefined)
      await pause(pace.between(400, 2_000))
    }
  }
  const rerun = async (instrument: Instrument): Promise<void> => {
    const pace = chance.of(`${instrument} is re-run`)
    for (const runs of [...rerunRuns.map((run) => [run]), rerunRuns]) {
      await pause(pace.between(500, 5_000))
      await submitUntilAnswered(stack, instrument, runs, `${cause}-${instrument}-${targetOf(runs)}`)
    }
  }
  const cancel = async (instrument: Instrument): Promise<void> => {
    const pace = chance.of(`${instrument} is cancelled`)
    await pause(pace.between(500, 8_000))
    const key = `${cause}-${instrument}-${cancelledRun}`
    const { reductionId } = await submitUntilAnswered(stack, instrument, [cancelledRun], key)
    await pause(pace.between(0, 4_000))
    await cancelUntilAnswered(stack, reductionId)
  }
  return {
    expected,
    give: async () => {
      await Promise.all(
        instruments.flatMap((instrument) => [measure(instrument), rerun(instrument), cancel(instrument)]),
      )
    },
    giveMore,
    giveRest: () => kept.forEach(giveMore),
  }
}

const [attempts, attemptEveryMs] = [120, 1_000]

/** As a careful script does: the same key until there is an answer, and again where that says why not now (an archive that is slow). */
export const submitUntilAnswered = async (
  stack: Stack,
  instrument: Instrument,
  runs: readonly number[],
  key: string,
): Promise<Extract<Outcome, { outcome: 'queued' }>> => {
  const internalKey = await stack.secret('internal-key')
  const asked = { origin: 'request', instrument, runs, requestedBy: 'faults', ...(runs.length > 1 && { batch: true }) }
  let refusals = 0
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const answer = await stack
      .call('submit', asked, { authorization: `Bearer ${internalKey}`, 'idempotency-key': `${key}-${refusals}` })
      .then(async (response) => (response.ok ? submissionAnswerSchema.parse(await response.json()) : undefined))
      .catch(() => undefined)
    const outcome = answer?.outcomes[0]
    if (outcome?.outcome === 'queued') return outcome
    if (outcome?.outcome === 'refused') refusals += 1
    await pause(attemptEveryMs)
  }
  throw new Error(`${instrument} ${targetOf(runs)} could not be submitted for two minutes`)
}

/** As a person does who presses the button until the page says what became of it; too late is an answer too. */
const cancelUntilAnswered = async (stack: Stack, reductionId: number): Promise<void> => {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const status = await stack.ask('POST', `/api/v1/reductions/${reductionId}/cancel`).then(
      (response) => response.status,
      () => undefined,
    )
    if (status === 200 || status === 409) return
    await pause(attemptEveryMs)
  }
  throw new Error(`reduction ${reductionId} could not be cancelled for two minutes`)
}
