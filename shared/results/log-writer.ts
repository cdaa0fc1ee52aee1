import { open, rm, type FileHandle } from 'node:fs/promises'
import { cutMark, partPath } from './log-parts.ts'
import { readFile } from 'node:fs/promises'

export type LogLimits = { readonly headBytes: number; readonly tailBytes: number }

/** Keeps what a script prints, readable by others as it comes; see `log-parts.ts`. Calls must follow one another. */
export type LogWriter = {
  readonly write: (bytes: Buffer) => Promise<void>
  /** Joins head and tail into one file, with a remark where something was cut and `remarks` at the end. @returns bytes cut */
  readonly finish: (remarks: readonly string[]) => Promise<{ readonly cutBytes: number }>
  /** Closes without finishing: the log will be discarded. */
  readonly abandon: () => Promise<void>
}

type Part = { readonly handle: FileHandle; readonly offset: number; sizeBytes: number }

/** Memory stays small however much is printed: a tail is two parts of half its size, and the older goes when a third begins. */
export const openLogWriter = async (log: string, limits: LogLimits, mode = 0o644): Promise<LogWriter> => {
  const head: Part = { handle: await open(log, 'wx', mode), offset: 0, sizeBytes: 0 }
  let tail: Part[] = []
  let printedBytes = 0

  const openPart = async (): Promise<Part> => {
    const part = { handle: await open(partPath(log, printedBytes), 'wx', mode), offset: printedBytes, sizeBytes: 0 }
    const outdated = tail.length >= 3 ? tail.shift() : undefined
    if (outdated) await removePart(log, outdated)
    tail.push(part)
    return part
  }
  const partToWrite = async (): Promise<{ readonly part: Part; readonly room: number }> => {
    if (head.sizeBytes < limits.headBytes) return { part: head, room: limits.headBytes - head.sizeBytes }
    const last = tail.at(-1)
    const half = Math.max(1, Math.ceil(limits.tailBytes / 2))
    if (last && last.sizeBytes < half) return { part: last, room: half - last.sizeBytes }
    return { part: await openPart(), room: half }
  }

  return {
    write: async (bytes) => {
      for (let from = 0; from < bytes.length;) {
        const { part, room } = await partToWrite()
        const { bytesWritten } = await part.handle.write(bytes, from, Math.min(room, bytes.length - from))
        part.sizeBytes += bytesWritten
        printedBytes += bytesWritten
        from += bytesWritten
      }
    },
    finish: async (remarks) => {
      const firstKept = tail[0]?.offset ?? printedBytes
      const cutBytes = Math.max(0, firstKept - head.sizeBytes)
      try {
        if (cutBytes > 0) await head.handle.appendFile(cutMark(cutBytes))
        for (const part of tail) {
          await head.handle.appendFile(await readFile(partPath(log, part.offset)))
          await removePart(log, part)
        }
        tail = []
        if (remarks.length > 0) await head.handle.appendFile(`\n${remarks.map((remark) => `[${remark}]\n`).join('')}`)
        await head.handle.sync()
      } finally {
        await closeAll([head, ...tail])
      }
      return { cutBytes }
    },
    abandon: () => closeAll([head, ...tail]),
  }
}

const removePart = async (log: string, part: Part): Promise<void> => {
  await part.handle.close()
  await rm(partPath(log, part.offset), { force: true })
}

const closeAll = async (parts: readonly Part[]): Promise<void> => {
  for (const { handle } of parts) await handle.close()
}
