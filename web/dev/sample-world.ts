import type { Detection } from '#contracts/api.ts'
import { addSampleConfigurations } from './sample-configurations.ts'
import { traceback } from './sample-files.ts'
import { addInstrument, addReduction, addRun, at, newWorld, type World } from './world.ts'

/** A night shift: something of everything, long titles and failures included. */
export const busyWorld = (now = Date.now()): World => {
  const world = newWorld()
  addInstrument(world, now, 'ENGINX', { lastRun: 299_081, lastRunAt: at(now, 150) })
  for (let back = 0; back < 184; back += 1) {
    const runNumber = 299_081 - back
    const titles = [
      'Steel rod, 300 K, position',
      'CeO2 4 x 4 x 15, repeat',
      'Weld sample B12 along the toe, transverse strain, slit 4 x 4 mm, stage at -15.125 and load frame at 12 kN, position',
    ]
    addRun(world, now, 'ENGINX', runNumber, `${titles[back === 3 ? 2 : back % 9 === 5 ? 1 : 0]} ${(back % 12) + 1}`, {
      secondsAgo: 150 + back * 330,
      charge: back === 2 ? 0.31 : 12.1 - (back % 5) * 0.1,
    })
    if (back === 0) addReduction(world, now, 'ENGINX', runNumber, { state: 'Processing', secondsAgo: 31 })
    else if (back === 2)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Error',
        reason: 'FileNotFoundError: vanadium run 236516 not found.',
        secondsAgo: 800,
        took: 2,
        log: traceback,
      })
    else if (back === 7)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Skipped',
        reason:
          'The RB number 0 is not an experiment. Give the run an RB number in the control system and submit it again.',
        secondsAgo: 2400,
      })
    else if (back === 9)
      addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Cancelled',
        reason: 'Cancelled while it ran. What it had written until then is kept.',
        cancelRequestedBy: 'Grace Hopper',
        secondsAgo: 3000,
        took: 12,
      })
    else {
      const first = addReduction(world, now, 'ENGINX', runNumber, {
        state: 'Completed',
        secondsAgo: 100 + back * 330,
        took: 40 + (back % 4),
      })
      if (back === 4)
        addReduction(world, now, 'ENGINX', runNumber, {
          state: 'Completed',
          secondsAgo: 700,
          took: 41,
          version: 1,
          reproduces: { reductionId: first.id, version: 0 },
        })
      if (back === 1)
        addReduction(world, now, 'ENGINX', runNumber, {
          state: 'Completed',
          secondsAgo: 290,
          took: 42,
          version: 1,
          changed: true,
        })
    }
  }
  for (const [version, batchRuns] of [
    [299_060, 299_061, 299_064],
    [299_060, 299_061, 299_062, 299_064],
  ].entries())
    addReduction(world, now, 'ENGINX', 299_060, {
      state: 'Completed',
      secondsAgo: 4_000 - version * 900,
      took: 71,
      version,
      batchRuns,
    })
  addInstrument(world, now, 'WISH', { lastRun: 58_120, lastRunAt: at(now, 380), typicalSeconds: 120 })
  addRun(world, now, 'WISH', 58_120, 'YMnO3 powder 1.5 K', { rb: 2_010_881, secondsAgo: 380, minutes: 30 })
  addReduction(world, now, 'WISH', 58_120, {
    state: 'Processing',
    secondsAgo: 250,
    log: 'Starting\n[Notice] LoadRaw: reading period 7 of 22\n',
  })
  addInstrument(world, now, 'INTER', { lastRun: 13_461, lastRunAt: at(now, 190) })
  addRun(world, now, 'INTER', 13_460, 'D2O on silicon, 0.7 degrees', { rb: 1_220_112, secondsAgo: 4000 })
  addReduction(world, now, 'INTER', 13_460, { state: 'Completed', secondsAgo: 3960, took: 6.4 })
  addInstrument(world, now, 'IRIS', { lastRun: 103_226, lastRunAt: at(now, 1100), typicalSeconds: 12 })
  addRun(world, now, 'IRIS', 103_226, 'H2O 5 deg', { rb: 2_010_112, secondsAgo: 1100 })
  addReduction(world, now, 'IRIS', 103_226, { state: 'Completed', secondsAgo: 1090, took: 12 })
  addInstrument(world, now, 'LOQ', { lastRun: 74_014, lastRunAt: at(now, 2460) })
  addRun(world, now, 'LOQ', 74_013, 'Silica 2 % in D2O, front', { rb: 2_210_044, secondsAgo: 3400 })
  addReduction(world, now, 'LOQ', 74_013, { state: 'Completed', secondsAgo: 3300, took: 21 })
  addRun(world, now, 'LOQ', 74_014, 'Silica 2 % in D2O, rear', { rb: 2_210_044, secondsAgo: 2460 })
  addReduction(world, now, 'LOQ', 74_014, {
    state: 'Error',
    reason:
      'The script ran out of memory (limit 8 GB). Use fewer bins, or ask the instrument scientist for a higher limit.',
    secondsAgo: 2450,
    took: 19,
    log: 'Loading\nMemoryError: cannot allocate 9.3 GB\n',
  })
  addInstrument(world, now, 'SANS2D', { lastRun: 22_048, lastRunAt: at(now, 70) })
  addRun(world, now, 'SANS2D', 22_048, 'Standard sample, 12 m', { rb: 2_210_407, secondsAgo: 70 })
  addReduction(world, now, 'SANS2D', 22_048, { state: 'Queued', secondsAgo: 65, place: 2 })
  addInstrument(world, now, 'HIFI', {
    lastRun: 180_594,
    lastRunAt: at(now, 100_000),
    isPaused: true,
    pausedReason: 'changing the cryostat',
    pause: { scope: 'instrument', reason: 'changing the cryostat', by: 'Grace Hopper', at: at(now, 96_000) },
  })
  addRun(world, now, 'HIFI', 180_594, 'Ag calibration TF20', { rb: 1_890_199, secondsAgo: 100_000 })
  addReduction(world, now, 'HIFI', 180_594, { state: 'Completed', secondsAgo: 99_900, took: 3.2 })
  addRun(world, now, 'HIFI', 180_595, 'Ag calibration TF20, held', { rb: 1_890_199, secondsAgo: 90_000 })
  addReduction(world, now, 'HIFI', 180_595, { state: 'Queued', secondsAgo: 89_000 })
  addInstrument(world, now, 'ALF', { lastRun: 82_301, lastRunAt: at(now, 110_000), typicalSeconds: null })
  addRun(world, now, 'ALF', 82_301, 'Crystal alignment, run 3', { rb: null, secondsAgo: 110_000 })
  addReduction(world, now, 'ALF', 82_301, {
    state: 'Skipped',
    reason: '“alignment” is not an RB number, so the run belongs to no experiment.',
    secondsAgo: 109_990,
  })
  addInstrument(world, now, 'MARI', { lastRun: 29_120, lastRunAt: at(now, 5000) })
  addRun(world, now, 'MARI', 29_154, null, { rb: 1_910_077, secondsAgo: 9000 })
  addReduction(world, now, 'MARI', 29_154, { state: 'Completed', secondsAgo: 8900, took: 77 })
  addInstrument(world, now, 'ARGUS', {
    lastRun: 44_309,
    lastRunAt: at(now, 700_000),
    lastLookAt: at(now, 3600),
    problem: 'lastrun.txt cannot be read: the mount does not answer.',
  })
  addInstrument(world, now, 'MERLIN', { isActive: false })

  const detection = (id: number, instrument: string, runNumber: number, more: Partial<Detection>): void => {
    world.detections.set(id, {
      id,
      instrument,
      runNumber,
      state: 'waiting',
      reason: null,
      detectedAt: at(now, 190),
      nextTryAt: new Date(now + 40_000).toISOString(),
      deadlineAt: new Date(now + 23 * 3_600_000).toISOString(),
      tries: 3,
      ...more,
    })
  }
  detection(71, 'INTER', 13_461, { reason: 'Its file INTER00013461.nxs is not in the archive yet.' })
  detection(72, 'VESUVIO', 1_250, {
    reason: 'Only EVS01250.raw lies there; the NeXus file is missing.',
    detectedAt: at(now, 7300),
    nextTryAt: new Date(now + 900_000).toISOString(),
    tries: 14,
  })
  detection(73, 'MARI', 29_101, {
    state: 'given-up',
    reason: 'Its file did not come within 24 hours.',
    detectedAt: at(now, 190_000),
    nextTryAt: null,
    deadlineAt: at(now, 100_000),
    tries: 61,
  })
  world.notices.set(5, {
    id: 5,
    instrument: 'MARI',
    kind: 'counter-stepped-back',
    message: 'The run counter went back from 29154 to 29120. Nothing was submitted.',
    detail: { cursor: 29_154, lastRun: 29_120 },
    choices: ['submit', 'set-cursor', 'dismiss'],
    raisedAt: at(now, 5000),
    lastSeenAt: at(now, 4),
    resolvedAt: null,
    resolution: null,
  })
  world.notices.set(6, {
    id: 6,
    instrument: 'ARGUS',
    kind: 'lastrun-problem',
    message: 'lastrun.txt cannot be read: the mount does not answer. Other instruments are not affected.',
    detail: {},
    choices: [],
    raisedAt: at(now, 3600),
    lastSeenAt: at(now, 4),
    resolvedAt: null,
    resolution: null,
  })
  addSampleConfigurations(world, now)
  return world
}
