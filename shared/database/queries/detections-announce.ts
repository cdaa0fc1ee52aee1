import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { recordDetections } from './detections-record.ts'

const waitHoursSchema = z.object({ waitHours: integer })

/**
 * Runs that a person wants submitted: a detection, due at once, for each of the range that has none yet. False where there is no such
 * instrument. Call it in the transaction that moves the cursor.
 */
export const announceRuns = async (
  sql: Sql,
  instrument: string,
  range: { readonly first: number; readonly last: number },
): Promise<boolean> => {
  const [found] = await sql.rows(waitHoursSchema, 'SELECT wait_hours AS waitHours FROM instruments WHERE name = ?', [
    instrument,
  ])
  if (!found) return false
  await recordDetections(sql, [{ instrument, ...range, ...found }])
  return true
}
