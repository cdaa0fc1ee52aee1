import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { defaultNamespace } from '../functions/deployment.ts'

/** A line as `faas-cli logs` reads it. */
export const logLineSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  instance: z.string(),
  timestamp: z.string(),
  text: z.string(),
})
export type LogLine = z.infer<typeof logLineSchema>

export type LogQuery = { readonly instance?: string; readonly since?: Date; readonly tail?: number }

export type LogStore = {
  append(name: string, instance: string, lines: readonly string[]): void
  /** Has anything ever been printed under this name? */
  has(name: string): boolean
  /** The lines kept at this moment, oldest first, parsed a few at a time as they are asked for. */
  read(name: string, query: LogQuery): Iterable<readonly LogLine[]>
  /** What is appended from now on; the answer ends it. */
  follow(name: string, onLines: (lines: readonly LogLine[]) => void): () => void
}

/** A file is put aside at this size, and the one put aside before forgotten: at most twice this much per function. */
const largestFileBytes = 5 * 1024 * 1024

/** The lines that functions print, one file a function, bounded in size. */
export function openLogStore(
  directory: string,
  now: () => Date = () => new Date(),
  largest = largestFileBytes,
): LogStore {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const sizes = new Map<string, number>()
  const followers = new Map<string, Set<(lines: readonly LogLine[]) => void>>()
  return {
    append: (name, instance, texts) => {
      const timestamp = now().toISOString()
      const lines = texts.map((text) => ({ name, namespace: defaultNamespace, instance, timestamp, text }))
      const written = lines.map((line) => JSON.stringify(line) + '\n').join('')
      const { current, aside } = logFiles(directory, name)
      const size = sizes.get(name) ?? statSync(current, { throwIfNoEntry: false })?.size ?? 0
      if (size > largest) renameSync(current, aside)
      appendFileSync(current, written, { mode: 0o600 })
      sizes.set(name, (size > largest ? 0 : size) + Buffer.byteLength(written))
      for (const follower of followers.get(name) ?? []) follower(lines)
    },
    has: (name) => Object.values(logFiles(directory, name)).some((path) => existsSync(path)),
    read: (name, query) => piecesOf(keptLines(directory, name), query),
    follow: (name, onLines) => {
      const set = followers.get(name) ?? new Set()
      followers.set(name, set.add(onLines))
      return () => set.delete(onLines)
    },
  }
}

export function logFiles(directory: string, name: string): { current: string; aside: string } {
  return { current: join(directory, `${name}.ndjson`), aside: join(directory, `${name}.1.ndjson`) }
}

/** The lines kept, oldest first. */
export function readLog(directory: string, name: string, query: LogQuery): LogLine[] {
  return [...piecesOf(keptLines(directory, name), query)].flat()
}

function keptLines(directory: string, name: string): readonly string[] {
  const { current, aside } = logFiles(directory, name)
  const kept = [aside, current].filter((path) => existsSync(path))
  return kept.flatMap((path) => readFileSync(path, 'utf8').split('\n'))
}

const pieceLines = 500

/** In pieces, so that whoever reads a long log need not hold up everybody else meanwhile. */
function* piecesOf(texts: readonly string[], query: LogQuery): Iterable<readonly LogLine[]> {
  const isAsked = (line: LogLine) =>
    (query.instance === undefined || line.instance === query.instance) &&
    (query.since === undefined || new Date(line.timestamp) >= query.since)
  const linesAt = (index: number) => parseLogLine(texts[index] ?? '').filter(isAsked)
  let first = 0
  if (query.tail !== undefined && query.tail >= 0) {
    first = texts.length
    for (let found = 0; first > 0 && found < query.tail; first -= 1) found += linesAt(first - 1).length
  }
  for (let index = first; index < texts.length; index += pieceLines) {
    const end = Math.min(texts.length, index + pieceLines)
    yield Array.from({ length: end - index }, (_, offset) => linesAt(index + offset)).flat()
  }
}

export function parseLogLine(text: string): LogLine[] {
  if (text === '') return []
  try {
    const parsed = logLineSchema.safeParse(JSON.parse(text))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}
