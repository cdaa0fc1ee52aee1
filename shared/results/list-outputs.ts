import { lstat, readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { ResultFile } from '#contracts/api.ts'
import { isPicture, mediaTypeOf } from './media-types.ts'
import { logFolder, provenanceName } from './result-paths.ts'

/** A Plotly figure larger than this is offered as a file only: no page draws it. */
const largestFigureBytes = 32 * 1024 * 1024

export type ListedOutputs = { readonly files: readonly ResultFile[]; readonly leftUnlisted: number }

/**
 * The files of one reduction's directory, and of no other, in the order of their names; links and special files are not among them.
 * At most `most` are listed: a script that writes a million files keeps them, but no page and no table holds them.
 */
export const listOutputs = async (directory: string, most = 5_000): Promise<ListedOutputs> => {
  const paths = await listFiles(directory, '')
  paths.sort()
  const files: ResultFile[] = []
  let leftUnlisted = Math.max(0, paths.length - most)
  for (const path of paths.slice(0, most)) {
    const file = await describe(directory, path)
    if (file) files.push(file)
    else leftUnlisted += 1
  }
  return { files, leftUnlisted }
}

const listFiles = async (directory: string, below: string): Promise<string[]> => {
  const found: string[] = []
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await listFiles(directory, path)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

const longestPath = 1_000

const describe = async (directory: string, path: string): Promise<ResultFile | undefined> => {
  const found = await lstat(join(directory, path)).catch(() => undefined)
  if (!found || path.length > longestPath) return undefined
  return {
    path,
    sizeBytes: found.size,
    mediaType: mediaTypeOf(path),
    plot: await plotKind(directory, path, found.size),
  }
}

const plotKind = async (directory: string, path: string, sizeBytes: number): Promise<ResultFile['plot']> => {
  if (path.startsWith(`${logFolder}/`) || path === provenanceName || sizeBytes === 0) return null
  if (isPicture(path)) return 'image'
  if (extname(path).toLowerCase() !== '.json' || sizeBytes > largestFigureBytes) return null
  try {
    return isPlotlyFigure(JSON.parse(await readFile(join(directory, path), 'utf8'))) ? 'plotly' : null
  } catch {
    return null
  }
}

/** Plotly's JSON: an object whose `data` is the list of traces. */
export const isPlotlyFigure = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'data' in json && Array.isArray(json.data)
