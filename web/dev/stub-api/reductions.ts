import type { Hono } from 'hono'
import { filesSchema, reductionSchema, scriptSchema, type Reduction, type ResultFile } from '#contracts/api.ts'
import { comparisonSchema } from '#contracts/comparison.ts'
import { describeRuns } from '#domain/run-ranges.ts'
import { provenanceSchema } from '#results/provenance.ts'
import { compareReductions, type Compared } from '../../../functions/api/comparison/compare-reductions.ts'
import { chooseFiles } from '../../../functions/api/zip/choose-files.ts'
import { provenanceOf, scriptFilesOf } from '../sample-records.ts'
import { runKey, type StoredReduction } from '../world.ts'
import type { Stub } from './the-stub.ts'

/** One reduction: its files, script, record, and two of them side by side. */
export const addReductions = (app: Hono, stub: Stub): void => {
  const { world, problem, reductionsOf, batchesLike, batchesOf, runOf } = stub
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
}
