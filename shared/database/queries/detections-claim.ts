import { z } from 'zod'
import type { Database } from '../connection.ts'
import { instant, integer } from './column-parsers.ts'

export type ClaimedDetections = {
  readonly instrument: string
  readonly ids: readonly number[]
  /** In rising order. */
  readonly runs: readonly number[]
  readonly until: Date
}

const mostRows = 5_000

// Two statements rather than an OR: each walks its part of one index.
const due = (condition: string): string =>
  `SELECT id, instrument, run_number AS runNumber FROM detections WHERE ${condition}`

const untilSchema = z.object({ until: instant })

/**
 * Takes detections that are due, or waiting and due for their next try, for a while: who asks next gets others. Each instrument gives a few
 * at a time, its lowest runs first. What is not marked by then is due again. Rows that somebody else is claiming or marking are passed over:
 * who claims goes on until nothing is left.
 */
export const claimDueDetections = (
  database: Database,
  options: {
    readonly mostInstruments: number
    readonly perInstrument: number
    readonly forSeconds: number
    readonly without: readonly string[]
  },
): Promise<readonly ClaimedDetections[]> =>
  database.transaction(async (sql) => {
    const { without } = options
    const others = without.length > 0 ? ' AND instrument NOT IN (?)' : ''
    const parameters = without.length > 0 ? [without] : []
    const rowSchema = z.object({ id: integer, instrument: z.string(), runNumber: integer })
    const rest = `${others} ORDER BY next_try_at, id LIMIT ${mostRows} FOR UPDATE SKIP LOCKED`
    const conditions = [
      `state = 'due' AND next_try_at IS NULL`,
      `state = 'due' AND next_try_at <= UTC_TIMESTAMP(6)`,
      `state = 'waiting' AND next_try_at <= UTC_TIMESTAMP(6)`,
    ]
    const rows: z.infer<typeof rowSchema>[] = []
    for (const condition of conditions) rows.push(...(await sql.rows(rowSchema, due(condition) + rest, parameters)))
    if (rows.length === 0) return []

    const [clock] = await sql.rows(untilSchema, 'SELECT UTC_TIMESTAMP(3) + INTERVAL ? SECOND AS until', [
      options.forSeconds,
    ])
    if (!clock) return []
    const byInstrument = Map.groupBy(rows, ({ instrument }) => instrument)
    const claimed = [...byInstrument].slice(0, options.mostInstruments).map(([instrument, all]) => {
      const lowest = all.toSorted((left, right) => left.runNumber - right.runNumber).slice(0, options.perInstrument)
      return {
        instrument,
        ids: lowest.map(({ id }) => id),
        runs: lowest.map(({ runNumber }) => runNumber),
        until: clock.until,
      }
    })
    await sql.change('UPDATE detections SET next_try_at = ? WHERE id IN (?)', [
      clock.until,
      claimed.flatMap(({ ids }) => ids),
    ])
    return claimed
  })

/** Gives back what could not be handed over, to be taken again in some seconds. What was marked meanwhile stays as it was marked. */
export const releaseDetections = async (
  database: Database,
  { ids, until }: ClaimedDetections,
  inSeconds: number,
): Promise<void> => {
  await database.change(
    `UPDATE detections SET next_try_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND
     WHERE id IN (?) AND state IN ('due', 'waiting') AND next_try_at = ?`,
    [inSeconds, ids, until],
  )
}
