import type { Database } from '#database/connection.ts'
import { endNotices } from '#database/queries/notices-end.ts'
import { openKeyOf, openNoticeKeys, raiseNotices, type RaisedNotice } from '#database/queries/notices-raise.ts'
import { troublesWithResults, type ResultsTrouble } from '#database/queries/processors.ts'
import type { ResultsFaultKind } from '#results/results-fault.ts'

const kind = 'results-problem'

/** What a person can do. */
export const remedyFor = (fault: ResultsFaultKind): string => {
  switch (fault) {
    case 'full':
      return 'Make room there, or have its quota raised.'
    case 'read-only':
      return 'Mount it for writing, or let the service’s user write there.'
    case 'missing':
      return 'Mount it, or make the folder, on that machine.'
    case 'failing':
      return 'Look at the disk, its server and the network.'
    case 'hung':
      return 'Look at its server and the network; where it was mounted anew, restart the processor if this does not end.'
    case 'taken':
    case 'vanished':
    case 'other':
      return 'The processor’s log has the details.'
  }
}

/** One notice an instrument: what is wrong where, what to do, and what happens meanwhile. */
export const noticesOf = (troubles: readonly (ResultsTrouble & { readonly host: string })[]): readonly RaisedNotice[] =>
  [...Map.groupBy(troubles, ({ instrument }) => instrument)].map(([instrument, all]) => {
    const words = new Map(all.map(({ problem, remedy }) => [problem, remedy]))
    const hosts = [...new Set(all.map(({ host }) => host))].join(', ')
    const what = [...words].map(([problem, remedy]) => `${problem}. ${remedy}`).join(' ')
    return {
      kind,
      instrument,
      message: `Results of ${instrument} cannot be written on ${hosts}. ${what} Its reductions wait in line meanwhile, and go on by themselves.`,
    }
  })

/** Raises, refreshes and ends the notices about results, by what all living processors say. */
export const keepResultsNotices = async (database: Database): Promise<void> => {
  const notices = noticesOf(await troublesWithResults(database))
  const raised = new Set(notices.map(openKeyOf))
  const ended = [...(await openNoticeKeys(database))].filter((key) => key.startsWith(`${kind}:`) && !raised.has(key))
  if (notices.length + ended.length === 0) return
  await database.transaction(async (sql) => {
    await raiseNotices(sql, notices)
    await endNotices(sql, ended, 'It ended by itself: results can be written again.')
  })
}
