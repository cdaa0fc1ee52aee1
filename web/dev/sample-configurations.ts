import type { RunConfiguration } from '#contracts/api.ts'
import { decimal, fileOf, text, whole } from './sample-script.ts'
import { at, type World } from './world.ts'

/** What an instrument scientist configured for ENGINX over the years. */
export const addSampleConfigurations = (world: World, now: number): void => {
  const configuration = (
    id: number,
    source: RunConfiguration['source'],
    secondsAgo: number,
    variables: RunConfiguration['variables'],
    description: string | null = null,
  ): void => {
    world.configurations.set(id, {
      id,
      instrument: 'ENGINX',
      source,
      variables,
      description,
      revision: 1,
      changedBy: 'instrument scientist',
      changedAt: at(now, secondsAgo),
    })
  }
  const vanadium = whole('236516')
  configuration(
    31,
    { kind: 'start-run', startRun: 299_040 },
    43_000,
    [
      { group: 'standard', name: 'vanadium_run', value: whole('241391'), default: vanadium },
      {
        group: 'advanced',
        name: 'calibration_file',
        value: fileOf('north_2026.dat'),
        default: fileOf('north_2018.dat'),
      },
    ],
    'The vanadium of this cycle, and the calibration after the collimators were moved',
  )
  configuration(30, { kind: 'start-run', startRun: 298_800 }, 900_000, [
    { group: 'standard', name: 'vanadium_run', value: whole('240017'), default: vanadium },
    { group: 'standard', name: 'unit', value: text('dSpacing') },
  ])
  configuration(32, { kind: 'experiment', rbNumber: 1_910_123 }, 3_900, [
    {
      group: 'standard',
      name: 'bins',
      value: { type: 'list', items: [decimal('1.1'), decimal('-0.0005'), decimal('2.4')] },
      default: { type: 'list', items: [decimal('0.9'), decimal('-0.001'), decimal('2.2')] },
      help: 'First edge, step (negative: logarithmic), last edge',
    },
    {
      group: 'standard',
      name: 'smoothing',
      value: text('spline'),
      problem: 'is not among the script’s variables any more',
    },
  ])
}
