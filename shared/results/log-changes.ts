import { constants } from 'node:fs'
import { rm } from 'node:fs/promises'
import { cutMark, partPath } from './log-parts.ts'
import { noProgress, type Progress } from './progress.ts'
import { openRegular, readRegular } from './regular-file.ts'
import { logRemovedFault } from './results-fault.ts'

/** What is to be written of a log, and which of its parts are older than is kept. A part is named by its offset; 0 is the head. */
export type LogChange = {
  readonly writes: readonly { readonly part: number; readonly position: number; readonly bytes: Uint8Array }[]
  readonly drops: readonly number[]
}

/** All that is needed to make one file of a log whose script has ended. */
export type LogEnd = {
  readonly change: LogChange
  readonly headBytes: number
  /** The parts behind the head that are kept, in order. */
  readonly parts: readonly number[]
  readonly cutBytes: number
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

/** Joins head and tail into one file, with a mark where something was cut and `remarks` at the end. */
export const finishLog = async (
  log: string,
  end: LogEnd,
  remarks: readonly string[],
  progress: Progress = noProgress,
): Promise<void> => {
  await applyLogChange(log, end.change)
  progress()
  const head = await openRegular(log, constants.O_WRONLY | constants.O_APPEND)
  if (!head) throw logRemovedFault(log)
  try {
    // Again from the same place where this was begun before.
    await head.truncate(end.headBytes)
    if (end.cutBytes > 0) await head.appendFile(cutMark(end.cutBytes))
    for (const part of end.parts) {
      await head.appendFile((await readRegular(partPath(log, part), Infinity)) ?? '')
      progress()
    }
    if (remarks.length > 0) await head.appendFile(`\n${remarks.map((remark) => `[${remark}]\n`).join('')}`)
    await head.sync()
  } finally {
    await head.close()
  }
  for (const part of end.parts) await rm(partPath(log, part), { force: true })
}
