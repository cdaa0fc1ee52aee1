import { z } from 'zod'
import { median } from '#domain/median.ts'
import type { Sql } from '../connection.ts'

const lastCompleted = 50
const instrumentsPerStatement = 200

/**
 * How long a reduction of each instrument usually takes: the median of its last completed ones, in seconds. Instruments without any are
 * left out. Fifty rows of one index for each instrument.
 */
export const typicalSeconds = async (
  sql: Sql,
  instruments: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  const parts = Array.from({ length: Math.ceil(instruments.length / instrumentsPerStatement) }, (_, part) =>
    instruments.slice(part * instrumentsPerStatement, (part + 1) * instrumentsPerStatement),
  )
  const seconds = new Map<string, number[]>()
  const rows = await Promise.all(parts.map((part) => lastSeconds(sql, part)))
  for (const row of rows.flat()) {
    if (row.seconds === null) continue
    const known = seconds.get(row.instrument)
    if (known) known.push(row.seconds)
    else seconds.set(row.instrument, [row.seconds])
  }
  return new Map(
    [...seconds].flatMap(([instrument, of]): [string, number][] => {
      const middle = median(of)
      return middle === undefined ? [] : [[instrument, middle]]
    }),
  )
}

const secondsSchema = z.object({ instrument: z.string(), seconds: z.number().nullable() })

/** One look at the index for each instrument, in one statement. */
export const lastSecondsStatement = (instruments: readonly string[]): string =>
  instruments
    .map(
      () => `(SELECT instrument, script_seconds AS seconds FROM reductions FORCE INDEX (finished_of_instrument)
        WHERE instrument = ? AND state = 'Completed' ORDER BY finished_at DESC LIMIT ${lastCompleted})`,
    )
    .join(' UNION ALL ')

const lastSeconds = (sql: Sql, instruments: readonly string[]) =>
  sql.rows(secondsSchema, lastSecondsStatement(instruments), instruments)
