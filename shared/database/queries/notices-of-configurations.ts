import type { ConfigurationSource, LeftOutVariables } from '#contracts/variables.ts'
import type { Sql } from '../connection.ts'
import { endNotices } from './notices-end.ts'
import { openKeyOf, raiseNotices } from './notices-raise.ts'

const topicOf = (source: ConfigurationSource): string =>
  source.kind === 'experiment' ? `rb-${source.rbNumber}` : `run-${source.startRun}`

const words = (source: ConfigurationSource): string =>
  source.kind === 'experiment' ? `for RB ${source.rbNumber}` : `from run ${source.startRun} on`

const keyOf = (instrument: string, source: ConfigurationSource): string =>
  openKeyOf({ kind: 'configured-variables', instrument, topic: topicOf(source) })

/** Names a few and counts the rest: the whole list is on the reduction. */
const listed = (leftOut: LeftOutVariables): string => {
  const named = leftOut.slice(0, 5).map(({ name, reason }) => `“${name}” ${reason}`)
  const more = leftOut.length - named.length
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`
}

/**
 * Tells, or no longer tells, that values which were configured cannot be given to the instrument's script any more: a run has just found out.
 * Call it inside a transaction.
 */
export const noticeConfigurations = async (
  sql: Sql,
  instrument: string,
  used: readonly ConfigurationSource[],
  leftOut: LeftOutVariables,
): Promise<void> => {
  const bySource = new Map(
    used.map((source) => [keyOf(instrument, source), { source, leftOut: [] as LeftOutVariables }]),
  )
  for (const one of leftOut) bySource.get(keyOf(instrument, one.from))?.leftOut.push(one)
  const all = [...bySource]
  await raiseNotices(
    sql,
    all.flatMap(([, { source, leftOut: unfit }]) =>
      unfit.length === 0
        ? []
        : [
            {
              kind: 'configured-variables' as const,
              instrument,
              topic: topicOf(source),
              message: `What is configured ${words(source)} does not fit the script of ${instrument} any more: ${listed(unfit)}. Runs go on without ${unfit.length === 1 ? 'it' : 'them'}. Change or delete the configuration on the page Variables of ${instrument}.`,
            },
          ],
    ),
  )
  await endNotices(
    sql,
    all.filter(([, { leftOut: unfit }]) => unfit.length === 0).map(([key]) => key),
    'A run was given all that is configured.',
  )
}

/** A person has changed or deleted it; the next run tells if something is still wrong. Call it inside a transaction. */
export const endNoticeOfConfiguration = (
  sql: Sql,
  instrument: string,
  source: ConfigurationSource,
  resolution: string,
): Promise<void> => endNotices(sql, [keyOf(instrument, source)], resolution)
