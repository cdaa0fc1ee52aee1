import { setTimeout as wait } from 'node:timers/promises'
import { hostname } from 'node:os'
import { takeBackFromDead } from '#database/queries/lease-expired.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import { faultFields } from '#function-server/log.ts'
import { keepResultsNotices } from './results-notices.ts'
import { sweepStaging } from './sweep-staging.ts'
import { finishInterrupted } from './finish-interrupted.ts'
import type { Processor } from './processor.ts'

/** Who is not heard for half a minute has no slots: a connection that was lost without a word must not take that long. */
const beatLimitMs = 10_000

export type Beat = {
  /** Has the database heard of this processor lately? */
  readonly isHeard: () => boolean
  readonly stop: () => void
}

/**
 * Tells the database every ten seconds that this processor is here, with its slots and software, and finishes what others left
 * between decision and rename.
 */
export const startBeat = (processor: Processor, refreshEnvironments: () => Promise<void>): Beat => {
  const stopping = new AbortController()
  // People are told at once, and what waits to be published is looked at.
  let soon = new AbortController()
  processor.places.onChange(() => {
    soon.abort()
    processor.askForWork()
  })
  let heardAt = -Infinity
  let buried = processor.scratch.buried
  /** What our predecessors on this host held need not wait for its lease to run out. */
  const takeBackFromPredecessors = async (): Promise<void> => {
    const takenBack = await takeBackFromDead(processor.database, buried)
    if (takenBack.requeued + takenBack.givenUp > 0) {
      const about = { event: { action: 'taken-back' }, labels: takenBack }
      processor.log.warn(about, `took back what ${buried.join(', ')} held and left behind`)
    }
    buried = []
  }
  const beatOnce = async (): Promise<void> => {
    await refreshEnvironments()
    await takeBackFromPredecessors()
    await beatProcessor(processor.database.within(beatLimitMs), {
      id: processor.id,
      host: hostname(),
      slots: processor.settings.slots,
      environments: processor.environments().map((software) => ({
        name: software.name,
        version: software.version,
        isDefault: software.default,
        imports: [...software.imports],
        network: software.network,
        isolation: processor.launcher.isolationOf(software),
      })),
      held: processor.places.troubles(),
    })
    const isFirst = heardAt === -Infinity
    heardAt = performance.now()
    if (isFirst) processor.askForWork()
    // Last: whoever is heard is ready, whatever becomes of a notice.
    await keepResultsNotices(processor.database)
  }
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      // Before the beat: what changes while it goes on is told by the next.
      soon = new AbortController()
      await beatOnce().catch((fault: unknown) => processor.log.warn(faultFields(fault), 'a beat did not succeed'))
      void finishOthers()
      void sweep()
      const signal = AbortSignal.any([stopping.signal, soon.signal])
      await wait(processor.rhythm.beatMs, undefined, { signal }).catch(() => undefined)
    }
  }
  let isFinishing = false
  // Beside the beat, not in it: a disk that hangs must not silence this processor.
  const finishOthers = async (): Promise<void> => {
    if (isFinishing) return
    isFinishing = true
    await finishInterrupted(processor).catch((fault: unknown) =>
      processor.log.warn(faultFields(fault), 'what another processor had decided could not be finished'),
    )
    isFinishing = false
  }
  let isSweeping = false
  let sweptAt = -Infinity
  const sweep = async (): Promise<void> => {
    if (isSweeping || performance.now() - sweptAt < processor.rhythm.sweepMs) return
    isSweeping = true
    try {
      const removed = await sweepStaging(processor)
      if (removed.length > 0) processor.log.info({ labels: { removed } }, 'removed what dead processors had left')
    } catch (fault) {
      processor.log.warn(faultFields(fault), 'what dead processors had left could not all be removed')
    }
    isSweeping = false
    sweptAt = performance.now()
  }
  void run()
  return {
    isHeard: () => performance.now() - heardAt < processor.rhythm.beatMs * 3,
    stop: () => stopping.abort(),
  }
}
