import { z } from 'zod'
import type { OfferedEnvironment } from '#contracts/environments.ts'
import { softwareSchema, type Software } from '#contracts/submission.ts'
import type { Sql } from '../connection.ts'
import { integer, jsonText } from './column-parsers.ts'

/** A processor that has not been heard for this long has no slots any more. */
export const processorSilenceSeconds = 30

export const beatProcessor = async (
  sql: Sql,
  processor: {
    readonly id: string
    readonly host: string
    readonly slots: number
    readonly environments: readonly (Software & Partial<OfferedEnvironment>)[]
  },
): Promise<void> => {
  await sql.change(
    `INSERT INTO processors (id, host, slots, environments, seen_at) VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))
     ON DUPLICATE KEY UPDATE slots = VALUES(slots), environments = VALUES(environments), seen_at = VALUES(seen_at)`,
    [processor.id, processor.host, processor.slots, JSON.stringify(processor.environments)],
  )
}

/** A processor that stops takes its slots with it. */
export const removeProcessor = async (sql: Sql, id: string): Promise<void> => {
  await sql.change('DELETE FROM processors WHERE id = ?', [id])
}

export const forgetSilentProcessors = async (sql: Sql): Promise<void> => {
  await sql.change('DELETE FROM processors WHERE seen_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY')
}

/** All slots of the processors heard lately. */
export const slotsAlive = async (sql: Sql): Promise<number> => {
  const [row] = await sql.rows(
    z.object({ slots: integer }),
    `SELECT COALESCE(SUM(slots), 0) AS slots FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND`,
    [processorSilenceSeconds],
  )
  return row?.slots ?? 0
}

/** The processors heard lately: where they are and which software they have. */
export const livingProcessors = (
  sql: Sql,
): Promise<readonly { readonly host: string; readonly environments: readonly Software[] }[]> =>
  sql.rows(
    z.object({ host: z.string(), environments: jsonText(z.array(softwareSchema)) }),
    'SELECT host, environments FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND ORDER BY id',
    [processorSilenceSeconds],
  )
