import { z } from 'zod'
import { noticeKinds, type Notice } from '#contracts/notices.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { choicesFor } from '#domain/counter-notices.ts'
import type { Sql } from '../connection.ts'
import { integer, isoInstant, jsonText } from './column-parsers.ts'
import { allOf, operationsVisibleTo, type Condition } from './visible-to.ts'

const noticeRowSchema = z.object({
  id: integer,
  instrument: z.string().nullable(),
  kind: z.enum(noticeKinds).catch('service'),
  message: z.string(),
  detail: jsonText(z.record(z.string(), z.unknown())),
  raisedAt: isoInstant,
  lastSeenAt: isoInstant,
  resolvedAt: isoInstant.nullable(),
  resolution: z.string().nullable(),
})

const columns = `notices.id, notices.instrument, notices.kind, notices.message, notices.detail, notices.raised_at AS raisedAt,
  notices.last_seen_at AS lastSeenAt, notices.resolved_at AS resolvedAt, notices.resolution`

const noticeOf = (row: z.infer<typeof noticeRowSchema>): Notice => ({
  ...row,
  choices: row.resolvedAt === null ? [...choicesFor(row.kind)] : [],
})

export type NoticeFilter = 'open' | 'resolved' | 'all'

const indexes: Readonly<Record<NoticeFilter, string>> = {
  open: 'open_notice',
  resolved: 'notices_by_time',
  all: 'notices_by_time',
}
const conditions: Readonly<Record<NoticeFilter, Condition>> = {
  open: { sql: 'notices.open_key IS NOT NULL', parameters: [] },
  resolved: { sql: 'notices.resolved_at IS NOT NULL', parameters: [] },
  all: allOf(),
}

export const noticesStatement = (viewer: Viewer, filter: NoticeFilter, limit: number) => {
  const all = allOf(conditions[filter], operationsVisibleTo(viewer, 'notices'))
  return {
    sql: `SELECT ${columns} FROM notices FORCE INDEX (${indexes[filter]}) WHERE ${all.sql}
      ORDER BY notices.raised_at DESC, notices.id DESC LIMIT ${limit}`,
    parameters: all.parameters,
  }
}

/** Notices, newest first. Open ones are few and have an index to themselves. */
export const listNotices = async (
  sql: Sql,
  viewer: Viewer,
  filter: NoticeFilter,
  limit: number,
): Promise<readonly Notice[]> => {
  const statement = noticesStatement(viewer, filter, limit)
  return (await sql.rows(noticeRowSchema, statement.sql, statement.parameters)).map(noticeOf)
}

export const findNotice = async (sql: Sql, viewer: Viewer, id: number): Promise<Notice | undefined> => {
  const all = allOf({ sql: 'notices.id = ?', parameters: [id] }, operationsVisibleTo(viewer, 'notices'))
  const [row] = await sql.rows(noticeRowSchema, `SELECT ${columns} FROM notices WHERE ${all.sql}`, all.parameters)
  return row && noticeOf(row)
}
