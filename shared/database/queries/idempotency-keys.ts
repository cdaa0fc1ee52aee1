import { z } from 'zod'
import type { Sql } from '../connection.ts'

export type RememberedAnswer = { readonly requestSha256: string; readonly answer: string }

const answeredSchema = z.object({ requestSha256: z.string(), answer: z.string() })

/** What was answered to this key before, if anything; keys are forgotten after a week. */
export const findAnswer = async (sql: Sql, key: string): Promise<RememberedAnswer | undefined> => {
  const [row] = await sql.rows(
    answeredSchema,
    'SELECT request_sha256 AS requestSha256, answer FROM idempotency_keys WHERE idempotency_key = ?',
    [key],
  )
  return row
}

/** Kept in the transaction that did the work. A duplicate key fails it: the other request won. */
export const rememberAnswer = async (sql: Sql, key: string, remembered: RememberedAnswer): Promise<void> => {
  await sql.change(
    'INSERT INTO idempotency_keys (idempotency_key, request_sha256, answer, created_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))',
    [key, remembered.requestSha256, remembered.answer],
  )
}

export const forgetOldAnswers = async (sql: Sql): Promise<void> => {
  await sql.change('DELETE FROM idempotency_keys WHERE created_at < UTC_TIMESTAMP(6) - INTERVAL 7 DAY LIMIT 10000')
}
