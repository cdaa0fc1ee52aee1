import { counterDetailSchema, type Notice } from '#contracts/notices.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Database, Sql } from '#database/connection.ts'
import { lockCursors } from '#database/queries/cursors-advance.ts'
import { setCursor } from '#database/queries/cursors-set.ts'
import { announceRuns } from '#database/queries/detections-announce.ts'
import { findNotice } from '#database/queries/notices-list.ts'
import { resolveCounterNotices, resolveNotice } from '#database/queries/notices-resolve.ts'
import { counterNoticeKinds, runsOfCounterNotice, type NoticeChoice } from '#domain/counter-notices.ts'
import { largestRequest } from '#domain/run-ranges.ts'

export type Decided =
  | { readonly kind: 'resolved'; readonly notice: Notice }
  | { readonly kind: 'unknown' }
  /** Not possible (any more), with the reason in words. */
  | { readonly kind: 'refused'; readonly detail: string }

const refused = (detail: string): Decided => ({ kind: 'refused', detail })

const isCounterKind = (kind: string): kind is (typeof counterNoticeKinds)[number] =>
  counterNoticeKinds.some((known) => known === kind)

/**
 * Carries out what a person decided about a notice, with all that follows from it, in one transaction: submitting writes the detections
 * and moves the cursor; setting the cursor only moves it; dismissing changes nothing else.
 */
export const decideNotice = (database: Database, viewer: Viewer, id: number, choice: NoticeChoice): Promise<Decided> =>
  database.transaction(async (sql) => {
    const notice = await findNotice(sql, viewer, id)
    if (!notice) return { kind: 'unknown' }
    if (notice.resolvedAt !== null) {
      return refused(`This notice was settled before: ${notice.resolution ?? 'its cause has gone'}`)
    }
    if (!notice.choices.includes(choice)) {
      return refused('There is nothing to decide about this notice: it ends by itself when its cause does.')
    }
    if (choice === 'dismiss') {
      await resolveNotice(sql, id, `${viewer.name} dismissed it.`)
    } else {
      const fault = await follow(sql, viewer, notice, choice)
      if (fault !== undefined) return refused(fault)
    }
    const resolved = await findNotice(sql, viewer, id)
    return resolved ? { kind: 'resolved', notice: resolved } : { kind: 'unknown' }
  })

/** @returns why it cannot be, in words; then nothing has been changed */
const follow = async (
  sql: Sql,
  viewer: Viewer,
  notice: Notice,
  choice: 'submit' | 'set-cursor',
): Promise<string | undefined> => {
  const { instrument, kind } = notice
  const detail = counterDetailSchema.safeParse(notice.detail)
  if (instrument === null || !isCounterKind(kind) || !detail.success) {
    return 'This notice does not say which runs it is about. Set the cursor of its instrument yourself.'
  }
  const { cursor, lastRun } = detail.data
  const now = (await lockCursors(sql, [instrument])).get(instrument)
  if (now?.lastRun !== cursor) {
    return `The cursor of ${instrument} has moved since, from ${cursor} to ${now?.lastRun ?? 'nowhere'}. Look at the notices again.`
  }
  const { first, last } = runsOfCounterNotice(kind, detail.data)
  const count = last - first + 1
  if (choice === 'submit' && count > largestRequest) {
    return `These are ${count} runs; at most ${largestRequest} can be submitted at once. Set the cursor to ${lastRun - largestRequest} first if the last ${largestRequest} are wanted, or to ${lastRun} for none.`
  }
  const resolution =
    choice === 'submit'
      ? `${viewer.name} submitted ${count === 1 ? `run ${first}` : `runs ${first}-${last}`}.`
      : `${viewer.name} set the cursor to ${lastRun}.`
  if (choice === 'submit') await announceRuns(sql, instrument, { first, last })
  await setCursor(sql, instrument, lastRun, resolution)
  await resolveNotice(sql, notice.id, resolution)
  await resolveCounterNotices(sql, instrument, resolution)
  return undefined
}
