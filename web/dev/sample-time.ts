import { sampleLog } from './sample-files.ts'
import { addReduction, addRun, runKey, type World } from './world.ts'
import type { StubApi } from './stub-api/open-stub-api.ts'

/** Lets time pass in a sample world: scripts print, reductions end, every 15 s a run is measured. For `vite` only. */
export const letTimePass = (world: World, stub: StubApi): void => {
  let seconds = 0
  setInterval(() => {
    seconds += 1
    const now = Date.now()
    for (const reduction of world.reductions.values()) {
      const change = (state: 'Processing' | 'Completed'): void =>
        stub.emit({
          kind: 'reduction',
          instrument: reduction.instrument,
          runNumber: reduction.runNumber,
          reductionId: reduction.id,
          state,
          reason: null,
        })
      if (reduction.state === 'Queued' && seconds % 5 === 0) {
        world.reductions.set(reduction.id, {
          ...reduction,
          state: 'Processing',
          place: null,
          startedAt: new Date(now).toISOString(),
        })
        change('Processing')
        break
      }
      if (reduction.state !== 'Processing' || reduction.startedAt === null) continue
      const elapsed = (now - Date.parse(reduction.startedAt)) / 1000
      if (elapsed > 45 && reduction.instrument !== 'WISH') {
        const done = {
          ...addReduction(world, now, reduction.instrument, reduction.runNumber, {
            state: 'Completed',
            secondsAgo: elapsed,
            took: elapsed,
          }),
          id: reduction.id,
          version: reduction.version,
        }
        world.reductions.delete([...world.reductions.keys()].at(-1) ?? 0)
        world.reductions.set(reduction.id, {
          ...done,
          log: reduction.log + sampleLog(reduction.instrument, reduction.runNumber),
        })
        change('Completed')
      } else if (seconds % 2 === 0) {
        world.reductions.set(reduction.id, {
          ...reduction,
          log: `${reduction.log}Focusing spectrum ${Math.round(elapsed * 31)} of 1,200\n`,
        })
      }
    }
    if (seconds % 15 === 0) {
      const runNumber =
        Math.max(...[...world.runs.values()].filter((run) => run.instrument === 'ENGINX').map((run) => run.runNumber)) +
        1
      addRun(world, now, 'ENGINX', runNumber, `Steel rod, 300 K, position ${(runNumber % 12) + 1}`, { secondsAgo: 2 })
      const made = addReduction(world, now, 'ENGINX', runNumber, { state: 'Queued', secondsAgo: 0, place: 1 })
      if (world.runs.has(runKey('ENGINX', runNumber)))
        stub.emit({
          kind: 'reduction',
          instrument: 'ENGINX',
          runNumber,
          reductionId: made.id,
          state: 'Queued',
          reason: null,
        })
    }
  }, 1000).unref()
}
