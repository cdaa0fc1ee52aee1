import type { ConfigurationSource } from '#contracts/variables.ts'

/** Follows the word “configured”. */
export const configuredWords = (source: ConfigurationSource): string =>
  source.kind === 'experiment' ? `for RB ${source.rbNumber}` : `from run ${source.startRun} on`
