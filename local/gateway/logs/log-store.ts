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
  read(name: string, query: LogQuery): LogLine[]
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
    read: (name, query) => readLog(directory, name, query),
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
  const { current, aside } = logFiles(directory, name)
  const lines = [aside, current]
    .filter((path) => existsSync(path))
    .flatMap((path) => readFileSync(path, 'utf8').split('\n'))
    .flatMap(parseLogLine)
    .filter((line) => query.instance === undefined || line.instance === query.instance)
    .filter((line) => query.since === undefined || new Date(line.timestamp) >= query.since)
  return query.tail === undefined || query.tail < 0 ? lines : lines.slice(Math.max(0, lines.length - query.tail))
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
