import { open, rm, type FileHandle } from 'node:fs/promises'
import { cutMark, type LogCut } from './log-cut.ts'
import { joinedPath, partPath } from './log-parts.ts'

export type LogLimits = { readonly headBytes: number; readonly tailBytes: number }

/** A log whose script has ended, in one file that is ready to be put among the results. */
export type FinishedLog = {
  readonly path: string
  readonly printedBytes: number
  readonly cut: LogCut | null
  /** Takes away what followers read until now; to be called once the file lies where they find it. */
  readonly discardParts: () => Promise<void>
}

/** Keeps what a script prints, readable by others as it comes; see `log-parts.ts`. Calls must follow one another. */
export type LogWriter = {
  readonly write: (bytes: Buffer) => Promise<void>
  /** Joins head and tail into one file, with a mark where something was cut and `remarks` at the end. */
  readonly finish: (remarks: readonly string[]) => Promise<FinishedLog>
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
      const closing = remarks.length === 0 ? '' : `\n${remarks.map((remark) => `[${remark}]\n`).join('')}`
      const [firstKept] = tail
      if (!firstKept) {
        await finishFile(head.handle, closing)
        return { path: log, printedBytes, cut: null, discardParts: () => Promise.resolve() }
      }
      // A second file: offsets in the parts count what was printed, and somebody reads them until the very end.
      const parts = [head, ...tail]
      const path = joinedPath(log)
      const joined = await open(path, 'wx', mode)
      const cutBytes = firstKept.offset - head.sizeBytes
      const mark = cutBytes > 0 ? Buffer.from(cutMark(cutBytes)) : Buffer.alloc(0)
      try {
        await copyPart(partPath(log, 0), joined)
        await joined.appendFile(mark)
        for (const { offset } of tail) await copyPart(partPath(log, offset), joined)
      } catch (cause) {
        await joined.close()
        throw cause
      }
      await finishFile(joined, closing)
      await closeAll(parts)
      tail = []
      return {
        path,
        printedBytes,
        cut: cutBytes > 0 ? { atByte: head.sizeBytes, cutBytes, markBytes: mark.length } : null,
        discardParts: async () => {
          // The head first: without it nobody takes the others for a log.
          for (const { offset } of parts) await rm(partPath(log, offset), { force: true })
        },
      }
    },
    abandon: () => closeAll([head, ...tail]),
  }
}

const copyBytes = 256 * 1024

/** Bit by bit: a processor that finishes many long logs holds none of them in memory. */
const copyPart = async (path: string, to: FileHandle): Promise<void> => {
  const from = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(copyBytes)
    for (;;) {
      const { bytesRead } = await from.read(buffer, 0, buffer.length)
      if (bytesRead === 0) return
      await to.appendFile(buffer.subarray(0, bytesRead))
    }
  } finally {
    await from.close()
  }
}

const finishFile = async (file: FileHandle, closing: string): Promise<void> => {
  try {
    await file.appendFile(closing)
    await file.sync()
  } finally {
    await file.close()
  }
}

const removePart = async (log: string, part: Part): Promise<void> => {
  await part.handle.close()
  await rm(partPath(log, part.offset), { force: true })
}

const closeAll = async (parts: readonly Part[]): Promise<void> => {
  for (const { handle } of parts) await handle.close()
}
