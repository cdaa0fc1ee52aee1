import type { World } from '../../../web/dev/world.ts'

/** The newest reduction of a run. */
export const reductionOf = (world: World, instrument: string, runNumber: number): number => {
  const found = [...world.reductions.values()].findLast(
    (one) => one.instrument === instrument && one.runNumber === runNumber && !one.isBatch,
  )
  if (!found) throw new Error(`no reduction of ${instrument} ${runNumber}`)
  return found.id
}

/** The first reduction of a run. */
export const firstReductionOf = (world: World, instrument: string, runNumber: number): number => {
  const found = [...world.reductions.values()].find(
    (one) => one.instrument === instrument && one.runNumber === runNumber,
  )
  if (!found) throw new Error(`no reduction of ${instrument} ${runNumber}`)
  return found.id
}

/** The newest batch of an instrument. */
export const batchOf = (world: World, instrument: string): number => {
  const found = [...world.reductions.values()].findLast((one) => one.instrument === instrument && one.isBatch)
  if (!found) throw new Error(`no batch of ${instrument}`)
  return found.id
}

/** Every page of the portal in every state that the sample world has, by a name. */
export const samplePages = (world: World): Readonly<Record<string, string>> => {
  const completed = reductionOf(world, 'ENGINX', 299_080)
  return {
    now: '',
    runs: 'instruments/ENGINX',
    'all-runs': 'runs',
    'no-run-found': 'runs?run=1',
    'run-in-batches': 'runs?run=299062',
    completed: `reductions/${completed}`,
    error: `reductions/${reductionOf(world, 'ENGINX', 299_079)}`,
    processing: `reductions/${reductionOf(world, 'WISH', 58_120)}`,
    queued: `reductions/${reductionOf(world, 'SANS2D', 22_048)}`,
    skipped: `reductions/${reductionOf(world, 'ALF', 82_301)}`,
    reflectivity: `reductions/${reductionOf(world, 'INTER', 13_460)}`,
    asymmetry: `reductions/${reductionOf(world, 'HIFI', 180_594)}`,
    map: `reductions/${reductionOf(world, 'LOQ', 74_013)}`,
    files: `reductions/${completed}?tab=files`,
    script: `reductions/${completed}?tab=script`,
    provenance: `reductions/${completed}?tab=provenance`,
    repeated: `reductions/${reductionOf(world, 'ENGINX', 299_077)}?tab=provenance`,
    'no-provenance': `reductions/${reductionOf(world, 'ALF', 82_301)}?tab=provenance`,
    'compare-versions': `compare/${firstReductionOf(world, 'ENGINX', 299_080)}/${completed}`,
    'compare-runs': `compare/${reductionOf(world, 'ENGINX', 299_079)}/${reductionOf(world, 'LOQ', 74_013)}`,
    'compare-running': `compare/${reductionOf(world, 'ENGINX', 299_078)}/${reductionOf(world, 'ENGINX', 299_081)}`,
    'compare-nothing': 'compare/1/2',
    history: `reductions/${completed}?tab=history`,
    batches: 'instruments/ENGINX/batches',
    batch: `reductions/${batchOf(world, 'ENGINX')}?tab=history`,
    paused: 'instruments/HIFI',
    held: `reductions/${reductionOf(world, 'HIFI', 180_595)}`,
    cancelled: `reductions/${reductionOf(world, 'ENGINX', 299_072)}`,
    rerun: `instruments/ENGINX/rerun?runs=299079-299080&from=${completed}`,
    submit: 'instruments/ENGINX/rerun',
    variables: 'instruments/ENGINX/variables',
    waiting: 'waiting',
    failures: 'failures',
    'no-reduction': 'reductions/999999',
    'no-page': 'no/such/page',
  }
}
