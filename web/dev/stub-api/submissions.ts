import type { Hono } from 'hono'
import { reproductionSchema } from '#contracts/reproduction.ts'
import { submissionAnswerSchema, submissionSchema, type Outcome } from '#contracts/submission.ts'
import { parseRunRanges } from '#domain/run-ranges.ts'
import { addReduction, runKey } from '../world.ts'
import type { Stub } from './the-stub.ts'

/** Runs submitted, and reductions repeated exactly. */
export const addSubmissions = (app: Hono, stub: Stub): void => {
  const { world, emit, problem, calls, reductionsOf } = stub
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
}
