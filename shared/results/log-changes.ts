import { constants } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { cutMark, type LogCut } from './log-cut.ts'
import { joinedPath, partPath } from './log-parts.ts'
import { noProgress, type Progress } from './progress.ts'
import { openRegular } from './regular-file.ts'
import { logRemovedFault } from './results-fault.ts'

/** What is to be written of a log, and which of its parts are older than is kept. A part is named by its offset; 0 is the head. */
export type LogChange = {
  readonly writes: readonly { readonly part: number; readonly position: number; readonly bytes: Uint8Array }[]
  readonly drops: readonly number[]
}

/** All that is needed to make one file of a log whose script has ended, and what its record says of it. */
export type LogEnd = {
  readonly change: LogChange
  readonly headBytes: number
  /** The parts behind the head that are kept, in order. */
  readonly parts: readonly number[]
  readonly printedBytes: number
  readonly cut: LogCut | null
}

/** A log whose script has ended, in one file that is ready to be put among the results. */
export type FinishedLog = {
  readonly path: string
  /** Takes away what followers read until now; to be called once the file lies where they find it. */
  readonly discardParts: () => Promise<void>
}

/**
 * Writes what was printed, where it belongs: may be repeated after any interruption. Opened anew each time: on a network drive that is
 * what makes it visible to readers on other machines.
 */
export const applyLogChange = async (log: string, change: LogChange): Promise<void> => {
  for (const { part, position, bytes } of change.writes) {
    const mayMake = part === 0 ? 0 : constants.O_CREAT
    const file = await openRegular(partPath(log, part), constants.O_WRONLY | mayMake)
    if (!file) throw logRemovedFault(log)
    try {
      for (let from = 0; from < bytes.length;) {
        const { bytesWritten } = await file.write(bytes, from, bytes.length - from, position + from)
        from += bytesWritten
      }
    } finally {
      await file.close()
    }
  }
  for (const part of change.drops) await rm(partPath(log, part), { force: true })
}

/** Joins head and tail into one file, with a mark where something was cut and `remarks` at the end. Whoever seals it flushes it. */
export const finishLog = async (
  log: string,
  end: LogEnd,
  remarks: readonly string[],
  progress: Progress = noProgress,
): Promise<FinishedLog> => {
  await applyLogChange(log, end.change)
  progress()
  const closing = remarks.length === 0 ? '' : `\n${remarks.map((remark) => `[${remark}]\n`).join('')}`
  if (end.parts.length === 0) {
    const head = await openRegular(log, constants.O_WRONLY | constants.O_APPEND)
    if (!head) throw logRemovedFault(log)
    await closeWith(head, closing)
    return { path: log, discardParts: () => Promise.resolve() }
  }
  // A second file: offsets in the parts count what was printed, and somebody reads them until the very end.
  const path = joinedPath(log)
  const joined = await open(path, 'wx', 0o644)
  try {
    await copyPart(log, 0, joined, progress)
    if (end.cut) await joined.appendFile(cutMark(end.cut.cutBytes))
    for (const part of end.parts) await copyPart(log, part, joined, progress)
  } catch (cause) {
    await joined.close()
    throw cause
  }
  await closeWith(joined, closing)
  progress()
  return {
    path,
    discardParts: async () => {
      // The head first: without it nobody takes the others for a log.
      for (const part of [0, ...end.parts]) await rm(partPath(log, part), { force: true })
    },
  }
}

const copyBytes = 256 * 1024

/** Bit by bit: who finishes many long logs holds none of them in memory. */
const copyPart = async (log: string, part: number, to: FileHandle, progress: Progress): Promise<void> => {
  const from = await openRegular(partPath(log, part))
  if (!from) throw logRemovedFault(log)
  try {
    const buffer = Buffer.alloc(copyBytes)
    for (;;) {
      const { bytesRead } = await from.read(buffer, 0, buffer.length)
      if (bytesRead === 0) return
      await to.appendFile(buffer.subarray(0, bytesRead))
      progress()
    }
  } finally {
    await from.close()
  }
}

const closeWith = async (file: FileHandle, closing: string): Promise<void> => {
  try {
    await file.appendFile(closing)
  } finally {
    await file.close()
  }
}
