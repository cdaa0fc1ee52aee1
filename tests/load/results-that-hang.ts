import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Stack } from '../a-stack/start-stack.ts'
import { openHangingDisk } from '../support/hanging-disk.ts'
import { measureRun } from './fresh-run.ts'

export type ResultsThatHang = {
  /** Reduces the first run, then hangs, and asks for that run again and announces the next. */
  readonly hang: () => Promise<void>
  /** All reductions of the instrument, in words. */
  readonly standing: () => Promise<readonly string[]>
  readonly goOn: () => void
  readonly end: () => Promise<void>
}

/**
 * The disk with the results of one instrument hangs: a run that was reduced before is to be reduced again, and waits in line; a new one
 * waits to be submitted, since nobody can say which versions lie there.
 */
export const openResultsThatHang = async (
  stack: Stack,
  instrument: string,
  firstRun: number,
): Promise<ResultsThatHang> => {
  const { archive, database, resultsRoot } = stack
  const folder = join(resultsRoot, instrument)
  await mkdir(folder, { recursive: true })
  const disk = await openHangingDisk(folder)
  const standing = async (): Promise<readonly string[]> => {
    const rows = await database.rows(
      z.object({ target: z.string(), version: z.number(), state: z.string(), reason: z.string().nullable() }),
      'SELECT target, version, state, reason FROM reductions WHERE instrument = ? ORDER BY id',
      [instrument],
    )
    return rows.map(
      ({ target, version, state, reason }) => `${target} v${version} ${state}${reason ? `: ${reason}` : ''}`,
    )
  }
  return {
    hang: async (): Promise<void> => {
      await measureRun(stack, instrument, firstRun)
      disk.hang()
      const again = { origin: 'request', instrument, runs: [firstRun], requestedBy: 'load' }
      await stack.call('submit', again, { authorization: `Bearer ${await stack.secret('internal-key')}` })
      await archive.addRuns(instrument, [firstRun + 1])
      await archive.announce(instrument, firstRun + 1)
    },
    standing,
    goOn: disk.goOn,
    end: disk.end,
  }
}
