import type { ConfigurationSource, ConfiguredVariables, GivenArguments } from '#contracts/variables.ts'

/** What was configured for an experiment, or from a run on. */
export type ConfiguredChoice = { readonly source: ConfigurationSource; readonly variables: ConfiguredVariables }

type GivenArgument = GivenArguments[number]

/** One of the two may say no group: the name alone is meant then. */
const isSame = (left: GivenArgument, right: GivenArgument): boolean =>
  left.name === right.name && (left.group ?? right.group) === (right.group ?? left.group)

const argumentsOf = ({ source, variables }: ConfiguredChoice): GivenArguments =>
  variables.map(({ group, name, value, declaredType }) => ({ group, name, typed: value, declaredType, from: source }))

/**
 * The values for one run. For each variable the first that has it: what the submission gave, what is configured for the run's experiment, what
 * is configured from the latest start run up to this one. What none of them has is left to the script.
 */
export const chooseVariables = (
  given: GivenArguments,
  configured: readonly ConfiguredChoice[],
  run: { readonly runNumber: number; readonly rbNumber: number | null },
): GivenArguments => {
  const experiment = configured.find(({ source }) => source.kind === 'experiment' && source.rbNumber === run.rbNumber)
  let start: ConfiguredChoice | undefined
  for (const choice of configured) {
    if (choice.source.kind !== 'start-run' || choice.source.startRun > run.runNumber) continue
    if (start?.source.kind !== 'start-run' || start.source.startRun < choice.source.startRun) start = choice
  }
  return [experiment, start].reduce(
    (chosen: GivenArguments, layer) =>
      layer ? [...chosen, ...argumentsOf(layer).filter((one) => !chosen.some((held) => isSame(held, one)))] : chosen,
    given,
  )
}
