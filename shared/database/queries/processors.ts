import { z } from 'zod'
import type { OfferedEnvironment } from '#contracts/environments.ts'
import { softwareSchema, type Software } from '#contracts/submission.ts'
import type { Sql } from '../connection.ts'
import { integer, jsonText } from './column-parsers.ts'

/** A processor that has not been heard for this long has no slots any more. */
export const processorSilenceSeconds = 30

const troubleSchema = z.object({
  instrument: z.string(),
  /** What is wrong with which path, without an end. */
  problem: z.string(),
  /** What a person can do about it. */
  remedy: z.string(),
})
/** Why a processor cannot write the results of an instrument. */
export type ResultsTrouble = z.infer<typeof troubleSchema>

export const beatProcessor = async (
  sql: Sql,
  processor: {
    readonly id: string
    readonly host: string
    readonly slots: number
    readonly environments: readonly (Software & Partial<OfferedEnvironment>)[]
    readonly held?: readonly ResultsTrouble[]
  },
): Promise<void> => {
  const { id, host, slots, environments, held = [] } = processor
  await sql.change(
    `INSERT INTO processors (id, host, slots, environments, held, seen_at) VALUES (?, ?, ?, ?, ?, UTC_TIMESTAMP(6))
     ON DUPLICATE KEY UPDATE slots = VALUES(slots), environments = VALUES(environments), held = VALUES(held),
       seen_at = VALUES(seen_at)`,
    [id, host, slots, JSON.stringify(environments), held.length > 0 ? JSON.stringify(held) : null],
  )
}

const troublesOfHostSchema = z.object({ host: z.string(), held: jsonText(z.array(troubleSchema)) })

/** What living processors say of results they cannot write, with the host that says it. */
export const troublesWithResults = async (
  sql: Sql,
): Promise<readonly (ResultsTrouble & { readonly host: string })[]> => {
  const rows = await sql.rows(
    troublesOfHostSchema,
    `SELECT host, held FROM processors
     WHERE held IS NOT NULL AND seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND ORDER BY host, id`,
    [processorSilenceSeconds],
  )
  return rows.flatMap(({ host, held }) => held.map((trouble) => ({ ...trouble, host })))
}

/** A processor that stops takes its slots with it. */
export const removeProcessor = async (sql: Sql, id: string): Promise<void> => {
  await sql.change('DELETE FROM processors WHERE id = ?', [id])
}

export const forgetSilentProcessors = async (sql: Sql): Promise<void> => {
  await sql.change('DELETE FROM processors WHERE seen_at < UTC_TIMESTAMP(6) - INTERVAL 1 DAY')
}

const slotsSchema = z.object({ slots: integer })

/** All slots of the processors heard lately. */
export const slotsAlive = async (sql: Sql): Promise<number> => {
  const [row] = await sql.rows(
    slotsSchema,
    `SELECT COALESCE(SUM(slots), 0) AS slots FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND`,
    [processorSilenceSeconds],
  )
  return row?.slots ?? 0
}

const softwareOfHostSchema = z.object({ host: z.string(), environments: jsonText(z.array(softwareSchema)) })

/** The processors heard lately: where they are and which software they have. */
export const livingProcessors = (
  sql: Sql,
): Promise<readonly { readonly host: string; readonly environments: readonly Software[] }[]> =>
  sql.rows(
    softwareOfHostSchema,
    'SELECT host, environments FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND ORDER BY id',
    [processorSilenceSeconds],
  )
