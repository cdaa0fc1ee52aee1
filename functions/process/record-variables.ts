import type { ConfigurationSource } from '#contracts/variables.ts'
import type { Claim } from '#database/queries/claim-next.ts'
import { recordArguments } from '#database/queries/lease-held.ts'
import { noticeConfigurations } from '#database/queries/notices-of-configurations.ts'
import { faultFields } from '#function-server/log.ts'
import type { Processor } from './processor.ts'
import type { RunnerReport } from './runner-events.ts'

const sourcesOf = (claim: Claim): readonly ConfigurationSource[] => [
  ...new Map(claim.given.flatMap(({ from }) => (from ? [[JSON.stringify(from), from] as const] : []))).values(),
]

/**
 * Records what the script really got, while it runs and no obstacle to it: the same variables are in provenance.json. Raises a notice where
 * configured values do not fit the script any more, and ends it where they do again.
 */
export const recordVariables = async (
  processor: Processor,
  claim: Claim,
  report: Extract<RunnerReport, { kind: 'variables' }>,
): Promise<void> => {
  const variables = report.variables.map(({ group, name, value }) => ({ group, name, value }))
  const used = sourcesOf(claim)
  try {
    const { database } = processor
    if (used.length === 0) {
      await recordArguments(database, claim, variables, report.leftOut)
      return
    }
    await database.transaction(async (sql) => {
      const isHeld = await recordArguments(sql, claim, variables, report.leftOut)
      if (isHeld) await noticeConfigurations(sql, claim.instrument, used, report.leftOut)
    })
  } catch (fault) {
    processor.log.warn({ ...faultFields(fault), reduction: { id: claim.reductionId } }, 'variables were not recorded')
  }
}
