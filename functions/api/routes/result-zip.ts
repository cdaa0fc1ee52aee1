import { createRoute, z } from '@hono/zod-openapi'
import type { ResultFile } from '#contracts/api.ts'
import { findReductionPlace, isPublished, listResultFiles } from '#database/queries/reduction-files.ts'
import type { FileOnDisk } from '#results/read-result.ts'
import type { ApiParts } from '../api-parts.ts'
import { attachment } from '../file-headers.ts'
import { bytesOf, type Api } from '../make-app.ts'
import { idInPath, queryOf } from '../parameters.ts'
import { refusals, refuse } from '../refuse.ts'
import { askResults, type OutOfReach } from '../results-reading.ts'
import { resultSource, streamResult } from '../stream-result.ts'
import { chooseFiles } from '../zip/choose-files.ts'
import { namesInZip } from '../zip/names-in-zip.ts'
import { zipBytes, zipStream, type ZipEntry } from '../zip/zip-stream.ts'
import { unknownReduction } from './reductions.ts'

const zipRoute = createRoute({
  method: 'get',
  path: '/v1/reductions/{id}/zip',
  summary: 'Files that a reduction has written, as one ZIP archive',
  description:
    'All of them, or those that are named: by `path`, given as often as needed, or by `files`, their places in `GET /v1/reductions/{id}/files`. Stored, not packed; the length is told beforehand. Ends early, and shorter than told, where a file changes while it is read.',
  request: {
    params: idInPath('reduction'),
    query: queryOf({
      path: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .openapi({ type: 'string', description: 'The path of a file. May be given several times.' }),
      files: z.string().optional().openapi({ description: 'Places in the list of files, from 1.', example: '1-3,7' }),
    }),
  },
  responses: {
    200: { description: 'The archive.', ...bytesOf('application/zip', { type: 'string' }) },
    400: refusals[400],
    404: refusals[404],
    503: refusals[503],
  },
})

/** One question to a reader: a slow disk must not take longer for them than a reader is waited for. */
const filesAtOnce = 100

type Found = { readonly file: ResultFile; readonly onDisk: FileOnDisk }

/** Sizes and times as they are on the disk now; the first file that is not there any more; or that the disk does not answer. */
const lookAt = async (
  { readers, resultsRoot }: Pick<ApiParts, 'readers' | 'resultsRoot'>,
  instrument: string,
  directory: string,
  files: readonly ResultFile[],
): Promise<readonly Found[] | { readonly gone: ResultFile } | OutOfReach> => {
  const found: Found[] = []
  for (let from = 0; from < files.length; from += filesAtOnce) {
    const some = files.slice(from, from + filesAtOnce)
    const answer = await askResults(instrument, (place) =>
      readers.call('describeResults', { root: resultsRoot, directory, paths: some.map(({ path }) => path) }, { place }),
    )
    if (answer.kind === 'out-of-reach') return answer
    for (const [place, file] of some.entries()) {
      const onDisk = answer.files[place]
      if (onDisk?.kind !== 'there') return { gone: file }
      found.push({ file, onDisk })
    }
  }
  return found
}

export const addResultZipRoutes = (app: Api, parts: ApiParts): void => {
  const { database, viewerOf, readers, resultsRoot } = parts

  app.openapi(zipRoute, async (context) => {
    const { id } = context.req.valid('param')
    const { path, files: places } = context.req.valid('query')
    const place = await findReductionPlace(database, viewerOf(context), id)
    if (!place) return refuse(context, 404, unknownReduction(id))
    if (!isPublished(place)) return refuse(context, 404, `Reduction ${id} has no files (yet).`)
    const paths = path === undefined ? undefined : [path].flat()
    const choice = chooseFiles(await listResultFiles(database, place), { paths, places })
    if ('fault' in choice) return refuse(context, 400, `${choice.fault} GET reductions/${id}/files lists them.`)
    if (choice.chosen.length === 0) return refuse(context, 404, `Reduction ${id} left no files.`)

    const found = await lookAt(parts, place.instrument, place.resultsPath, choice.chosen)
    if ('kind' in found) return refuse(context, 503, found.detail)
    if ('gone' in found) {
      const sentence = `The file “${found.gone.path}” was written, and is not on the disk any more (or may not be given out). Choose the others.`
      return refuse(context, 404, sentence)
    }
    const folder = `${place.instrument}_${place.target}_version_${place.version}`
    const names = namesInZip(
      folder,
      found.map(({ file }) => file.path),
    )
    const entries = found.map(({ file, onDisk }, at): ZipEntry => {
      const inside = { root: resultsRoot, directory: place.resultsPath, path: file.path }
      const source = resultSource(readers, place.instrument, inside)
      return {
        name: names[at] ?? file.path,
        ...onDisk,
        open: () => streamResult(source, onDisk, 0, onDisk.sizeBytes - 1),
      }
    })
    const headers = {
      'content-type': 'application/zip',
      'content-length': String(zipBytes(entries)),
      'content-disposition': attachment(`${folder}.zip`, 'attachment'),
      'cache-control': 'private, no-cache',
    }
    if (context.req.method === 'HEAD') return context.body(null, 200, headers)
    return context.body(zipStream(entries), 200, headers)
  })
}
