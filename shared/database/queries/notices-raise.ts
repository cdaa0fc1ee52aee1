import { z } from 'zod'
import type { Notice } from '#contracts/notices.ts'
import type { Sql } from '../connection.ts'
import { jsonText } from './column-parsers.ts'

export type RaisedNotice = {
  readonly kind: Notice['kind']
  /** An instrument, or null with a topic such as `instruments-file` for what concerns all. */
  readonly instrument: string | null
  /** With an instrument: which of several things that may stand open at once. */
  readonly topic?: string
  readonly message: string
  /** For a counter that only a person can settle. */
  readonly counter?: { readonly cursor: number; readonly lastRun: number }
}

/** One notice of a kind stands open for an instrument, for a topic, or for a topic of an instrument. */
export const openKeyOf = (notice: Pick<RaisedNotice, 'kind' | 'instrument' | 'topic'>): string =>
  [notice.kind, notice.instrument ?? '', ...(notice.topic === undefined ? [] : [notice.topic])]
    .filter((part) => part !== '')
    .join(':')

const openKeySchema = z.object({ openKey: z.string() })

/** The keys of all open notices. */
export const openNoticeKeys = async (sql: Sql): Promise<ReadonlySet<string>> => {
  const rows = await sql.rows(openKeySchema, 'SELECT open_key AS openKey FROM notices WHERE open_key IS NOT NULL')
  return new Set(rows.map(({ openKey }) => openKey))
}

/**
 * Raises notices, or refreshes what stands open: message, detail and when it was last seen. Live views are told of new ones only. Call it inside a
 * transaction.
 */
export const raiseNotices = async (sql: Sql, notices: readonly RaisedNotice[]): Promise<void> => {
  if (notices.length === 0) return
  const open = await openNoticeKeys(sql)
  await sql.change(
    `INSERT INTO notices (instrument, kind, message, detail, raised_at, last_seen_at, open_key)
     VALUES ${notices.map(() => '(?, ?, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), ?)').join(', ')}
     ON DUPLICATE KEY UPDATE message = VALUES(message), detail = VALUES(detail), last_seen_at = VALUES(last_seen_at)`,
    notices.flatMap((notice) => [
      notice.instrument,
      notice.kind,
      notice.message,
      JSON.stringify(notice.counter ?? {}),
      openKeyOf(notice),
    ]),
  )
  const fresh = notices.filter((notice) => !open.has(openKeyOf(notice)))
  if (fresh.length === 0) return
  await sql.change(
    `INSERT INTO change_events (kind, at, instrument, state, reason)
     VALUES ${fresh.map(() => `('notice', UTC_TIMESTAMP(6), ?, 'raised', ?)`).join(', ')}`,
    fresh.flatMap(({ instrument, message }) => [instrument, message]),
  )
}

const settledSchema = z.object({
  instrument: z.string(),
  kind: z.string(),
  detail: jsonText(
    z.object({
      cursor: z.number().optional(),
      lastRun: z.number().optional(),
      endedByItself: z.unknown().optional(),
    }),
  ),
})

/**
 * Those questions about counters that nobody has settled yet. One that a person settled (“dismiss”) while counter and cursor stood as they do
 * now is not asked again until one of them moves.
 */
export const unsettledQuestions = async (
  sql: Sql,
  questions: readonly RaisedNotice[],
): Promise<readonly RaisedNotice[]> => {
  if (questions.length === 0) return []
  const newest = await sql.rows(
    settledSchema,
    `SELECT instrument, kind, detail FROM notices
     WHERE id IN (SELECT MAX(id) FROM notices WHERE instrument IN (?) AND kind IN (?) AND resolved_at IS NOT NULL
       GROUP BY instrument, kind)`,
    [questions.map(({ instrument }) => instrument), questions.map(({ kind }) => kind)],
  )
  return questions.filter(
    ({ instrument, kind, counter }) =>
      !newest.some(
        (settled) =>
          settled.instrument === instrument &&
          settled.kind === kind &&
          settled.detail.cursor === counter?.cursor &&
          settled.detail.lastRun === counter?.lastRun &&
          settled.detail.endedByItself === undefined,
      ),
  )
}
