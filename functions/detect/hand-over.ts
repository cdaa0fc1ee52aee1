import { submissionAnswerSchema, type SubmitRequest } from '#contracts/submission.ts'
import type { Database } from '#database/connection.ts'
import { claimDueDetections, releaseDetections, type ClaimedDetections } from '#database/queries/detections-claim.ts'
import { callFunction } from '#function-server/call-function.ts'
import { faultFields, type Log } from '#function-server/log.ts'

export type HandingOver = {
  readonly database: Database
  readonly log: Log
  readonly gatewayUrl: string
  readonly internalKey: () => string
  readonly stopping: AbortSignal
}

/** `handed`: runs that `submit` has answered for, whatever became of them. `faults`: by instrument, why it did not answer. */
export type HandedOver = { readonly handed: number; readonly faults: ReadonlyMap<string, string> }

// A call reads some files of one instrument; a few together spare calls, more would let the first wait for the last.
const runsPerCall = 20
const callLimitMs = 45_000
// Longer than a call may take, so that nobody else takes the same runs while it goes on.
const claimSeconds = 60
const tryAgainInSeconds = 5
const callsAtOnce = 8
const instrumentsPerClaim = 64

/**
 * Hands all detections that are due to `submit`, which marks them in its own transaction: what becomes of a run is never decided here. An
 * instrument has one call at a time, others go on beside it, also those of another pass.
 */
export const openHandOver = (parts: HandingOver): (() => Promise<HandedOver>) => {
  const { database, stopping } = parts
  const busy = new Set<string>()
  let lastClaim: Promise<unknown> = Promise.resolve()

  const claim = (): Promise<readonly ClaimedDetections[]> => {
    // One after the other: two at once would each pass over the rows that the other is looking at.
    const claiming = lastClaim.then(async () => {
      const claimed = await claimDueDetections(database, {
        mostInstruments: instrumentsPerClaim,
        perInstrument: runsPerCall,
        forSeconds: claimSeconds,
        without: [...busy],
      })
      for (const { instrument } of claimed) busy.add(instrument)
      return claimed
    })
    lastClaim = claiming.catch(() => undefined)
    return claiming
  }

  return async () => {
    const faults = new Map<string, string>()
    const queue: ClaimedDetections[] = []
    let handed = 0
    let isDry = false
    let claiming: Promise<void> | undefined

    const refill = async (): Promise<void> => {
      const claimed = await claim()
      queue.push(...claimed)
      isDry = claimed.length === 0
      claiming = undefined
    }
    const next = async (): Promise<ClaimedDetections | undefined> => {
      while (queue.length === 0 && !isDry && !stopping.aborted) await (claiming ??= refill())
      return queue.shift()
    }
    const work = async (): Promise<void> => {
      for (let claimed = await next(); claimed; claimed = await next()) {
        const fault = await submit(parts, claimed)
        if (fault === undefined) handed += claimed.runs.length
        else {
          faults.set(claimed.instrument, fault)
          await releaseDetections(database, claimed, tryAgainInSeconds)
        }
        busy.delete(claimed.instrument)
        isDry = false
      }
    }
    const workers = await Promise.allSettled(Array.from({ length: callsAtOnce }, work))
    const failed = workers.find((worker) => worker.status === 'rejected')
    if (failed) {
      busy.clear()
      throw failed.reason
    }
    return { handed, faults }
  }
}

const submit = async (
  { gatewayUrl, internalKey, log, stopping }: HandingOver,
  { instrument, runs }: ClaimedDetections,
): Promise<string | undefined> => {
  if (stopping.aborted) return 'Detection is stopping.'
  const body: SubmitRequest = { origin: 'detection', instrument, runs: [...runs] }
  try {
    const answer = await callFunction(gatewayUrl, 'submit', {
      body,
      headers: { authorization: `Bearer ${internalKey()}` },
      timeoutMs: callLimitMs,
    })
    if (answer.status === 200) {
      submissionAnswerSchema.parse(JSON.parse(answer.body))
      return undefined
    }
    log.warn(
      { event: { action: 'hand-over' }, labels: { instrument }, http: { response: { status_code: answer.status } } },
      `submit did not take ${runs.length} runs of ${instrument}: ${answer.body.slice(0, 300)}`,
    )
    return `submit answered ${answer.status}`
  } catch (fault) {
    log.warn(
      { ...faultFields(fault), event: { action: 'hand-over' }, labels: { instrument } },
      `submit could not be asked for ${runs.length} runs of ${instrument}; they are tried again`,
    )
    return fault instanceof Error ? fault.message : String(fault)
  }
}
