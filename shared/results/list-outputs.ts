import { lstat, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import type { ResultFile } from '#contracts/api.ts'
import { isPicture, mediaTypeOf } from './media-types.ts'
import { noProgress, type Progress } from './progress.ts'
import { readRegular } from './regular-file.ts'
import { logFolder, provenanceName } from './result-paths.ts'

/** A Plotly figure larger than this is offered as a file only: no page draws it. */
const largestFigureBytes = 32 * 1024 * 1024
/** No reduction has more than this looked through for figures: whoever looks does nothing else meanwhile. */
const mostFigureBytes = 96 * 1024 * 1024
/** A figure has some ten levels. To read 16 million takes half a minute and a gigabyte. */
const deepestFigure = 100

export type ListedOutputs = { readonly files: readonly ResultFile[]; readonly leftUnlisted: number }

/**
 * The files of one reduction's directory, and of no other, in the order of their names; links and special files are not among them.
 * At most `most` are listed: a script that writes a million files keeps them, but no page and no table holds them.
 */
export const listOutputs = async (
  directory: string,
  most = 5_000,
  progress: Progress = noProgress,
): Promise<ListedOutputs> => {
  const paths: string[] = []
  await listFiles(directory, '', paths, progress)
  paths.sort()
  const files: ResultFile[] = []
  const looking = { bytesLeft: mostFigureBytes }
  let leftUnlisted = Math.max(0, paths.length - most)
  for (const path of paths.slice(0, most)) {
    progress()
    const file = await describe(directory, path, looking)
    if (file) files.push(file)
    else leftUnlisted += 1
  }
  return { files, leftUnlisted }
}

const listFiles = async (directory: string, below: string, found: string[], progress: Progress): Promise<void> => {
  progress()
  for (const entry of await readdir(join(directory, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) await listFiles(directory, path, found, progress)
    else if (entry.isFile()) found.push(path)
  }
}

const longestPath = 1_000

type Looking = { bytesLeft: number }

const describe = async (directory: string, path: string, looking: Looking): Promise<ResultFile | undefined> => {
  const found = await lstat(join(directory, path)).catch(() => undefined)
  if (!found || path.length > longestPath) return undefined
  return {
    path,
    sizeBytes: found.size,
    mediaType: mediaTypeOf(path),
    plot: await plotKind(directory, path, found.size, looking),
  }
}

const plotKind = async (
  directory: string,
  path: string,
  sizeBytes: number,
  looking: Looking,
): Promise<ResultFile['plot']> => {
  if (path.startsWith(`${logFolder}/`) || path === provenanceName || sizeBytes === 0) return null
  if (isPicture(path)) return 'image'
  if (extname(path).toLowerCase() !== '.json' || sizeBytes > Math.min(largestFigureBytes, looking.bytesLeft))
    return null
  looking.bytesLeft -= sizeBytes
  try {
    const bytes = await readRegular(join(directory, path), largestFigureBytes)
    if (!bytes || isDeeperThan(deepestFigure, bytes)) return null
    return isPlotlyFigure(JSON.parse(bytes.toString('utf8'))) ? 'plotly' : null
  } catch {
    return null
  }
}

const [quote, backslash, openList, closeList, openObject, closeObject] = Buffer.from('"\\[]{}')

/** Are brackets nested deeper than this? Told without reading the JSON, which costs by its depth. */
export const isDeeperThan = (deepest: number, bytes: Buffer): boolean => {
  let depth = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === quote) {
      for (at += 1; at < bytes.length && bytes[at] !== quote; at += 1) if (bytes[at] === backslash) at += 1
    } else if (byte === openList || byte === openObject) {
      depth += 1
      if (depth > deepest) return true
    } else if (byte === closeList || byte === closeObject) depth -= 1
  }
  return false
}

/** Plotly's JSON: an object whose `data` is the list of traces. */
export const isPlotlyFigure = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'data' in json && Array.isArray(json.data)
