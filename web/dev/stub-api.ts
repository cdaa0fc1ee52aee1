import { Hono, type Context } from 'hono'
import { streamSSE } from 'hono/streaming'
import {
  batchesSchema,
  changeEventSchema,
  cursorSchema,
  detectionsSchema,
  filesSchema,
  helloEventSchema,
  instrumentsSchema,
  instrumentVariablesSchema,
  noticeResolutionSchema,
  noticesSchema,
  overviewSchema,
  problemSchema,
  reductionSchema,
  runConfigurationSchema,
  runConfigurationsSchema,
  runsSchema,
  scriptSchema,
  logEndSchema,
  logTextSchema,
  type ChangeEvent,
  type Reduction,
  type ResultFile,
  type Run,
} from '#contracts/api.ts'
import { comparisonSchema } from '#contracts/comparison.ts'
import {
  cancellationSchema,
  cancellationsRequestSchema,
  cancellationsSchema,
  classSchema,
  pauseRequestSchema,
  pauseStandingSchema,
  resumeRequestSchema,
  type Pause,
} from '#contracts/decisions.ts'
import { listGivenArguments, typedByDeclared } from '#contracts/given-arguments.ts'
import { reproductionSchema } from '#contracts/reproduction.ts'
import {
  configurationReplacementSchema,
  configurationRequestSchema,
  submissionAnswerSchema,
  submissionSchema,
  type Outcome,
} from '#contracts/submission.ts'
import { decideCancel } from '#domain/cancelling.ts'
import { readableLog } from '#domain/readable-log.ts'
import { describeRuns, parseRunRanges } from '#domain/run-ranges.ts'
import { provenanceSchema } from '#results/provenance.ts'
import { compareReductions, type Compared } from '../../functions/api/comparison/compare-reductions.ts'
import { chooseFiles } from '../../functions/api/zip/choose-files.ts'
import { provenanceOf, scriptFilesOf } from './sample-records.ts'
import { addReduction, runKey, scriptVariables, type StoredReduction, type World } from './sample-world.ts'

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

/** An API in memory for developing pages and testing them. Its answers are parsed by the contracts, so that it cannot drift from them. */
export const openStubApi = (world: World) => {
  const app = new Hono()
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

  app.use(async (context, next) => {
    const path = context.req.path.replace(/^\//, '')
    const body: unknown =
      context.req.method === 'POST' || context.req.method === 'PUT'
        ? await context.req.json().catch(() => undefined)
        : undefined
    calls.push({ method: context.req.method, path, body, key: context.req.header('idempotency-key') })
    await troubles.held.get(path)
    if (troubles.isDown) return problem(context, 502, 'The service is being started. Try again in a minute.')
    const trouble = troubles.problems.get(path)
    if (trouble) return problem(context, trouble.status, trouble.detail)
    return next()
  })

  app.get('/instruments', (context) => {
    const all = [...world.reductions.values()]
    const items = [...world.instruments.values()].map((instrument) => {
      const own = all.filter((reduction) => reduction.instrument === instrument.name)
      const pause = instrument.pause ?? world.pause
      return {
        ...instrument,
        isPaused: pause !== null,
        pausedReason: pause?.reason ?? null,
        pause,
        latestRun: runsNewestFirst().find((run) => run.instrument === instrument.name) ?? null,
        queued: own.filter((reduction) => reduction.state === 'Queued').length,
        processing: own.filter((reduction) => reduction.state === 'Processing').length,
        waiting: [...world.detections.values()].filter(
          (detection) => detection.instrument === instrument.name && detection.state === 'waiting',
        ).length,
      }
    })
    return context.json(instrumentsSchema.parse({ items }))
  })
  app.get('/overview', (context) => {
    const count = (state: string): number =>
      [...world.reductions.values()].filter((reduction) => reduction.state === state).length
    const line = (kind: string): number =>
      [...world.reductions.values()].filter((reduction) => reduction.state === 'Queued' && reduction.class === kind)
        .length
    return context.json(
      overviewSchema.parse({
        pause: world.pause,
        line: { fresh: line('fresh'), rerun: line('rerun'), bulk: line('bulk') },
        processing: count('Processing'),
        slots: 4,
        failures: count('Error'),
        lastDay: {
          completed: count('Completed'),
          error: count('Error'),
          skipped: count('Skipped'),
          cancelled: count('Cancelled'),
          medianSeconds: world.reductions.size === 0 ? null : 41,
        },
      }),
    )
  })
  app.get('/runs', (context) => {
    const { instrument, run, rb, state, title, limit, cursor } = context.req.query()
    const found = runsNewestFirst().filter(
      (candidate) =>
        (!instrument || candidate.instrument === instrument) &&
        (!run || candidate.runNumber === Number(run)) &&
        (!rb || candidate.rbNumber === Number(rb)) &&
        (!state || candidate.latest?.state === state) &&
        (!title || (candidate.title ?? '').toLowerCase().includes(title.toLowerCase())),
    )
    const from = cursor ? Number(cursor) : 0
    const size = Number(limit ?? 50)
    const next = from + size < found.length ? String(from + size) : null
    return context.json(runsSchema.parse({ items: found.slice(from, from + size), next }))
  })
  const presented = (reduction: StoredReduction): Reduction => {
    const neighbours = [...world.runs.values()]
      .filter((run) => run.instrument === reduction.instrument)
      .map((run) => run.runNumber)
      .sort((left, right) => left - right)
    const place = neighbours.indexOf(reduction.runNumber)
    const neighbour = (runNumber: number | undefined) => {
      const id = runNumber === undefined ? undefined : reductionsOf(reduction.instrument, runNumber)[0]?.id
      return runNumber === undefined || id === undefined ? null : { runNumber, reductionId: id }
    }
    return reductionSchema.parse({
      ...reduction,
      held: reduction.state === 'Queued' ? (world.instruments.get(reduction.instrument)?.pause ?? world.pause) : null,
      runs: (reduction.batchRuns ?? [reduction.runNumber]).map((run) => runOf(runKey(reduction.instrument, run))),
      inBatches: reduction.isBatch ? [] : batchesOf(reduction.instrument, reduction.runNumber),
      versions: (reduction.batchRuns
        ? batchesLike(reduction)
        : reductionsOf(reduction.instrument, reduction.runNumber)
      ).map(({ id, version, state, submittedAt, batchRuns }) => ({
        id,
        version,
        state,
        submittedAt,
        runs: batchRuns ? describeRuns(batchRuns) : null,
      })),
      previousRun: neighbour(neighbours[place - 1]),
      nextRun: neighbour(neighbours[place + 1]),
    })
  }
  const listOf = (reduction: StoredReduction): ResultFile[] =>
    reduction.files.map(({ path, mediaType, plot, bytes }) => ({ path, mediaType, plot, sizeBytes: bytes.length }))

  app.get('/reductions/:id', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, `There is no reduction ${context.req.param('id')}.`)
    return context.json(presented(reduction))
  })
  app.get('/reductions/:id/log', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const bytes = Buffer.from(reduction.log)
    const asked = Number(context.req.query('offset') ?? 0)
    const offset = Math.min(bytes.length, asked < 0 ? Math.max(0, bytes.length + asked) : asked)
    return context.body(Uint8Array.from(bytes.subarray(offset)), 200, {
      'content-type': 'text/plain; charset=utf-8',
      'x-log-attempt': '1',
      'x-log-size': String(bytes.length),
      'x-log-offset': String(offset),
      'x-log-next': String(bytes.length),
      'x-log-complete': String(reduction.state !== 'Queued' && reduction.state !== 'Processing'),
    })
  })
  app.get('/reductions/:id/log/stream', (context) => {
    const id = Number(context.req.param('id'))
    if (troubles.hasNoLogStream) return problem(context, 404, 'There are no streams here.')
    if (!world.reductions.has(id)) return problem(context, 404, 'There is no such reduction.')
    return streamSSE(context, async (stream) => {
      const seen = context.req.header('last-event-id')?.split('.')[1]
      const asked = Number(seen ?? context.req.query('from') ?? 0)
      const lengthNow = Buffer.from(world.reductions.get(id)?.log ?? '').length
      let offset = asked < 0 ? Math.max(0, lengthNow + asked) : asked
      const isGone = { is: false }
      const cut = (): void => {
        isGone.is = true
      }
      cuts.add(cut)
      stream.onAbort(cut)
      while (!isGone.is) {
        const reduction = world.reductions.get(id)
        const bytes = Buffer.from(reduction?.log ?? '').subarray(offset)
        const isEnd = reduction?.state !== 'Queued' && reduction?.state !== 'Processing'
        const { text, usedBytes } = readableLog(bytes, isEnd)
        const next = offset + usedBytes
        if (text !== '') {
          const data = JSON.stringify(logTextSchema.parse({ attempt: 1, offset, next, text }))
          await stream.writeSSE({ event: 'log', id: `1.${next}`, data })
        }
        offset = next
        if (isEnd) {
          const end = { state: reduction?.state ?? null, reason: reduction?.reason ?? null, sizeBytes: offset }
          await stream.writeSSE({ event: 'end', id: `1.${offset}`, data: JSON.stringify(logEndSchema.parse(end)) })
          break
        }
        await stream.sleep(30)
      }
      cuts.delete(cut)
    })
  })
  app.get('/reductions/:id/zip', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const choice = chooseFiles(listOf(reduction), { paths: undefined, places: context.req.query('files') })
    if ('fault' in choice) return problem(context, 400, choice.fault)
    const name = `${reduction.instrument}_${reduction.runNumber}_version_${reduction.version}.zip`
    return context.body(choice.chosen.map(({ path }) => path).join('\n'), 200, {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="${name}"`,
    })
  })
  app.get('/reductions/:id/provenance', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    const record = reduction && provenanceOf(reduction)
    return record
      ? context.json(provenanceSchema.parse(record))
      : problem(
          context,
          404,
          `Reduction ${context.req.param('id')} has no results (yet), so nothing is recorded of how it ran.`,
        )
  })
  app.get('/comparisons', (context) => {
    const sideOf = (name: 'left' | 'right'): Compared | undefined => {
      const reduction = world.reductions.get(Number(context.req.query(name)))
      if (!reduction) return undefined
      const provenance = provenanceOf(reduction)
      return {
        reduction: presented(reduction),
        script: scriptFilesOf(reduction).map(({ name: file, text }) => ({ name: file, text, base64: text })),
        provenance,
        note: provenance
          ? undefined
          : `Reduction ${reduction.id} has no results (yet), so nothing is recorded of how it ran.`,
        files: listOf(reduction),
      }
    }
    const [left, right] = [sideOf('left'), sideOf('right')]
    if (!left || !right)
      return problem(
        context,
        404,
        'There is no such reduction. The number of a run’s newest reduction is in “latest.id” of GET runs.',
      )
    return context.json(comparisonSchema.parse(compareReductions(left, right)))
  })
  app.get('/reductions/:id/files', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    return context.json(filesSchema.parse({ items: listOf(reduction) }))
  })
  app.get('/reductions/:id/files/:path{.+}', (context) => {
    const file = world.reductions
      .get(Number(context.req.param('id')))
      ?.files.find((candidate) => candidate.path === context.req.param('path'))
    return file
      ? context.body(Uint8Array.from(file.bytes), 200, { 'content-type': file.mediaType })
      : problem(context, 404, 'There is no such file.')
  })
  app.get('/reductions/:id/script', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction?.scriptSha256) return problem(context, 404, 'No script ran for this reduction.')
    return context.json(
      scriptSchema.parse({
        sha256: reduction.scriptSha256,
        files: scriptFilesOf(reduction),
      }),
    )
  })
  app.get('/instruments/:name/variables', (context) => {
    if (!world.instruments.has(context.req.param('name')))
      return problem(context, 404, `There is no instrument ${context.req.param('name')}.`)
    return context.json(
      instrumentVariablesSchema.parse({ scriptSha256: 'c41d', variables: scriptVariables, fault: null }),
    )
  })
  const configurationsOf = (name: string) => [...world.configurations.values()].filter((one) => one.instrument === name)
  const configuredFrom = (given: Parameters<typeof listGivenArguments>[0]) =>
    typedByDeclared(listGivenArguments(given), scriptVariables).arguments.flatMap(({ group, name, typed }) =>
      group && typed ? [{ group, name, value: typed }] : [],
    )
  app.get('/instruments/:name/configurations', (context) =>
    context.json(runConfigurationsSchema.parse({ items: configurationsOf(context.req.param('name')), fault: null })),
  )
  app.post('/instruments/:name/configurations', async (context) => {
    const instrument = context.req.param('name')
    const request = configurationRequestSchema.parse(await context.req.json())
    const isThere = configurationsOf(instrument).some(
      ({ source }) => JSON.stringify(source) === JSON.stringify(request.source),
    )
    if (isThere) return problem(context, 409, 'There is a configuration for this already. Change that one instead.')
    const made = {
      id: 100 + world.configurations.size,
      source: request.source,
      variables: configuredFrom(request.variables),
      description: request.description ?? null,
      revision: 1,
      changedBy: 'anyone on this machine',
      changedAt: new Date().toISOString(),
    }
    world.configurations.set(made.id, { ...made, instrument })
    return context.json(runConfigurationSchema.parse(made), 201)
  })
  app.put('/instruments/:name/configurations/:id', async (context) => {
    const before = world.configurations.get(Number(context.req.param('id')))
    const { revision, source, variables, description } = configurationReplacementSchema.parse(await context.req.json())
    if (!before) return problem(context, 404, 'There is no such configuration.')
    if (before.revision !== revision) return problem(context, 409, 'Somebody has changed it since you opened it.')
    const after = {
      ...before,
      source,
      variables: configuredFrom(variables),
      description: description ?? null,
      revision: revision + 1,
    }
    world.configurations.set(after.id, after)
    return context.json(runConfigurationSchema.parse(after))
  })
  app.delete('/instruments/:name/configurations/:id', (context) => {
    const id = Number(context.req.param('id'))
    return world.configurations.delete(id)
      ? context.json({ id })
      : problem(context, 404, 'There is no such configuration.')
  })
  app.put('/instruments/:name/cursor', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { lastRun } = cursorSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    world.instruments.set(instrument.name, { ...instrument, lastRun })
    emit({
      kind: 'instrument',
      instrument: instrument.name,
      runNumber: null,
      reductionId: null,
      state: 'cursor-set',
      reason: null,
    })
    return context.body(null, 204)
  })
  app.get('/batches', (context) => {
    const items = batches(context.req.query('instrument') ?? '').map((batch) => ({
      ...batch,
      runs: describeRuns(batch.batchRuns ?? []),
    }))
    return context.json(batchesSchema.parse({ items, next: null }))
  })
  const cancelOne = (reduction: StoredReduction, isPreview = false) => {
    const decision = decideCancel({ ...reduction, isPublishing: false })
    if (isPreview) return decision
    const cancelRequestedBy = 'anyone on this machine'
    if (decision.do === 'withdraw')
      change(reduction, {
        state: 'Cancelled',
        cancelRequestedBy,
        reason: `Cancelled by ${cancelRequestedBy} before it started.`,
      })
    if (decision.do === 'ask') change(reduction, { cancelRequestedBy })
    return decision
  }
  app.post('/reductions/:id/cancel', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const decision = cancelOne(reduction)
    if (decision.do === 'refuse') return problem(context, 409, decision.reason)
    const outcome = decision.do === 'withdraw' ? 'cancelled' : 'cancelling'
    return context.json(cancellationSchema.parse({ id: reduction.id, outcome }))
  })
  app.post('/cancellations', async (context) => {
    const asked = cancellationsRequestSchema.parse(await context.req.json())
    const states = asked.state ?? ['Queued']
    const found = [...world.reductions.values()].filter((reduction) =>
      asked.reductionIds
        ? asked.reductionIds.includes(reduction.id)
        : states.some((state) => state === reduction.state) &&
          (!asked.instrument || reduction.instrument === asked.instrument) &&
          (!asked.submission || reduction.submission === asked.submission) &&
          (!asked.class || asked.class.includes(reduction.class)),
    )
    const decisions = found.map((reduction) => ({ id: reduction.id, decision: cancelOne(reduction, asked.preview) }))
    const count = (what: string): number => decisions.filter(({ decision }) => decision.do === what).length
    const refused = decisions.flatMap(({ id, decision }) =>
      decision.do === 'refuse' ? [{ id, reason: decision.reason }] : [],
    )
    return context.json(cancellationsSchema.parse({ cancelled: count('withdraw'), cancelling: count('ask'), refused }))
  })
  app.put('/reductions/:id/class', async (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    const to = classSchema.parse(await context.req.json())
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    change(reduction, to)
    return context.json(to)
  })
  app.get('/reductions/:id/reproduction', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    return context.json(
      reproductionSchema.parse({
        reductionId: reduction.id,
        version: reduction.version,
        refusal: world.reproductionRefusal,
        held: [
          { what: 'script', value: '3f2a91c, with the neighbours it imported' },
          { what: 'variables', value: 'all 8, as the script got them' },
          { what: 'software', value: 'Scipp 26.1' },
          { what: 'raw file', value: `${reduction.dataPaths[0]?.linux}, 41,204,992 bytes of 2026-11-22T10:31:12.000Z` },
        ],
        notHeld: [
          { what: 'host', then: 'reduce-03', now: 'one of reduce-01, reduce-02' },
          { what: 'modules', then: 'scipp 26.1.0, scippneutron 25.11, numpy 2.3.5, h5py 3.15', now: null },
        ],
        software: { name: 'Scipp', version: '26.1' },
        softwareChoices: [],
      }),
    )
  })
  app.post('/reductions/:id/reproduce', (context) => {
    const reduction = world.reductions.get(Number(context.req.param('id')))
    if (!reduction) return problem(context, 404, 'There is no such reduction.')
    const { instrument, runNumber } = reduction
    const version = (reductionsOf(instrument, runNumber)[0]?.version ?? -1) + 1
    const made = addReduction(world, Date.now(), instrument, runNumber, {
      state: 'Queued',
      secondsAgo: 0,
      version,
      place: 1,
      reproduces: { reductionId: reduction.id, version: reduction.version },
    })
    emit({ kind: 'reduction', instrument, runNumber, reductionId: made.id, state: 'Queued', reason: null })
    return context.json(
      submissionAnswerSchema.parse({ outcomes: [{ outcome: 'queued', runNumber, reductionId: made.id, version }] }),
    )
  })
  const standing = (pause: Pause | null, skipped = 0) => {
    const held = [...world.reductions.values()].filter(({ state }) => state === 'Queued').length
    return pauseStandingSchema.parse({ pause, held: pause ? held : 0, skipped })
  }
  const pauseOf = (scope: Pause['scope'], reason: string): Pause => ({
    scope,
    reason,
    by: 'anyone on this machine',
    at: new Date().toISOString(),
  })
  const skipHeld = (instrument: string | undefined): number => {
    const held = [...world.reductions.values()].filter(
      (one) => one.state === 'Queued' && (instrument === undefined || one.instrument === instrument),
    )
    for (const one of held)
      change(one, { state: 'Skipped', reason: 'Held while paused; somebody chose to skip what was held.' })
    return held.length
  }
  const tellInstrument = (instrument: string | null, state: string): void =>
    emit({ kind: 'instrument', instrument, runNumber: null, reductionId: null, state, reason: null })
  app.post('/instruments/:name/pause', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { reason } = pauseRequestSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    const pause = pauseOf('instrument', reason)
    world.instruments.set(instrument.name, { ...instrument, pause })
    tellInstrument(instrument.name, 'paused')
    return context.json(standing(pause))
  })
  app.post('/instruments/:name/resume', async (context) => {
    const instrument = world.instruments.get(context.req.param('name'))
    const { held } = resumeRequestSchema.parse(await context.req.json())
    if (!instrument) return problem(context, 404, 'There is no such instrument.')
    world.instruments.set(instrument.name, { ...instrument, pause: null })
    const skipped = held === 'skip' ? skipHeld(instrument.name) : 0
    tellInstrument(instrument.name, 'resumed')
    return context.json(standing(null, skipped))
  })
  app.post('/pause', async (context) => {
    world.pause = pauseOf('everything', pauseRequestSchema.parse(await context.req.json()).reason)
    tellInstrument(null, 'everything-paused')
    return context.json(standing(world.pause))
  })
  app.post('/resume', async (context) => {
    const { held } = resumeRequestSchema.parse(await context.req.json())
    world.pause = null
    tellInstrument(null, 'everything-resumed')
    return context.json(standing(null, held === 'skip' ? skipHeld(undefined) : 0))
  })
  app.post('/submissions', async (context) => {
    const parsed = submissionSchema.safeParse(await context.req.json())
    if (!parsed.success) return problem(context, 400, 'The submission cannot be read.')
    const { instrument, runs } = parsed.data
    const list = typeof runs === 'string' ? parseRunRanges(runs) : { runs: [runs].flat() }
    if ('fault' in list) return problem(context, 422, list.fault)
    const submission = `submission ${calls.length}`
    if (parsed.data.batch) {
      const first = list.runs[0] ?? 0
      const made = addReduction(world, Date.now(), instrument, first, {
        state: 'Queued',
        secondsAgo: 0,
        version: 0,
        place: 1,
        batchRuns: list.runs,
        submission,
      })
      emit({ kind: 'reduction', instrument, runNumber: first, reductionId: made.id, state: 'Queued', reason: null })
      const outcome = { outcome: 'queued', runNumber: first, batch: list.runs, reductionId: made.id, version: 0 }
      return context.json(submissionAnswerSchema.parse({ outcomes: [outcome], submission }))
    }
    const outcomes = list.runs.map((runNumber): Outcome => {
      if (!world.runs.has(runKey(instrument, runNumber)))
        return {
          outcome: 'refused',
          runNumber,
          reason: `Run ${runNumber} of ${instrument} is not known and no file of it lies in the archive.`,
        }
      const version = (reductionsOf(instrument, runNumber)[0]?.version ?? -1) + 1
      const made = addReduction(world, Date.now(), instrument, runNumber, {
        state: 'Queued',
        secondsAgo: 0,
        version,
        place: 1,
        submission,
      })
      emit({ kind: 'reduction', instrument, runNumber, reductionId: made.id, state: 'Queued', reason: null })
      return { outcome: 'queued', runNumber, reductionId: made.id, version }
    })
    return context.json(submissionAnswerSchema.parse({ outcomes, submission }))
  })
  app.get('/detections', (context) => {
    const { state } = context.req.query()
    const items = [...world.detections.values()].filter(
      (detection) => !state || state.split(',').includes(detection.state),
    )
    return context.json(detectionsSchema.parse({ items, next: null }))
  })
  app.post('/detections/:id/:action{dismiss|retry}', (context) => {
    const detection = world.detections.get(Number(context.req.param('id')))
    if (!detection) return problem(context, 404, 'There is no such waiting run.')
    const state = context.req.param('action') === 'dismiss' ? 'dismissed' : 'due'
    world.detections.set(detection.id, {
      ...detection,
      state,
      nextTryAt: state === 'due' ? new Date().toISOString() : null,
    })
    emit({
      kind: 'detection',
      instrument: detection.instrument,
      runNumber: detection.runNumber,
      reductionId: null,
      state,
      reason: null,
    })
    return context.body(null, 204)
  })
  app.get('/notices', (context) =>
    context.json(
      noticesSchema.parse({ items: [...world.notices.values()].filter((notice) => notice.resolvedAt === null) }),
    ),
  )
  app.post('/notices/:id/resolve', async (context) => {
    const notice = world.notices.get(Number(context.req.param('id')))
    const { choice } = noticeResolutionSchema.parse(await context.req.json())
    if (!notice || !notice.choices.includes(choice)) return problem(context, 409, 'This notice cannot be answered so.')
    world.notices.set(notice.id, { ...notice, resolvedAt: new Date().toISOString(), resolution: choice })
    emit({
      kind: 'notice',
      instrument: notice.instrument,
      runNumber: null,
      reductionId: null,
      state: 'resolved',
      reason: null,
    })
    return context.body(null, 204)
  })
  app.get('/events', (context) => {
    if (troubles.hasNoEvents) return problem(context, 404, 'There are no events here.')
    return streamSSE(context, async (stream) => {
      const after = Number(context.req.header('last-event-id') ?? events.length)
      const send = (event: ChangeEvent): Promise<void> =>
        stream.writeSSE({ event: event.kind, id: String(event.id), data: JSON.stringify(event) })
      const hello = helloEventSchema.parse({ newest: events.length, missed: false })
      await stream.writeSSE({ event: 'hello', id: String(after), data: JSON.stringify(hello) })
      for (const event of events.filter((candidate) => candidate.id > after)) await send(event)
      const listener: Listener = (event) => void send(event)
      listeners.add(listener)
      const cut = Promise.withResolvers<undefined>()
      const end = (): void => cut.resolve(undefined)
      cuts.add(end)
      stream.onAbort(end)
      await cut.promise
      listeners.delete(listener)
      cuts.delete(end)
    })
  })

  return { app, world, emit, troubles, calls, cutEvents: () => cuts.forEach((cut) => cut()) }
}
export type StubApi = ReturnType<typeof openStubApi>
