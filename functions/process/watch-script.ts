import { setTimeout as wait } from 'node:timers/promises'
import type { LaunchedScript } from './launcher.ts'
import { measureOutput } from '#results/measure-output.ts'
import type { StopReason } from './outcome.ts'
import type { ScriptEnd } from './runner-events.ts'

/** The first reason to stop counts; later ones change nothing. */
export type StopSwitch = {
  readonly stop: (reason: StopReason) => void
  readonly signal: AbortSignal
  readonly reason: () => StopReason | undefined
}

export const openStopSwitch = (): StopSwitch => {
  const controller = new AbortController()
  let first: StopReason | undefined
  return {
    stop: (reason) => {
      first ??= reason
      controller.abort()
    },
    signal: controller.signal,
    reason: () => first,
  }
}

/** Lets a script run until it ends or the switch is thrown; throws it itself when a limit is reached. */
export const watchScript = async (
  script: LaunchedScript,
  stopSwitch: StopSwitch,
  limits: {
    readonly wallMs: number
    readonly outputBytes: number
    readonly outputDirectory: string
    readonly measureMs: number
  },
): Promise<ScriptEnd> => {
  const over = new AbortController()
  const measure = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await wait(limits.measureMs, undefined, { signal: over.signal }).catch(() => undefined)
      if (over.signal.aborted) return
      if ((await measureOutput(limits.outputDirectory, limits.outputBytes)) > limits.outputBytes) {
        stopSwitch.stop('output-limit')
        return
      }
    }
  }
  const timeLimit = setTimeout(() => stopSwitch.stop('time-limit'), Math.min(limits.wallMs, longestTimerMs))
  stopSwitch.signal.addEventListener('abort', script.end, { once: true })
  if (stopSwitch.signal.aborted) script.end()
  void measure()
  try {
    return await script.ended
  } finally {
    over.abort()
    clearTimeout(timeLimit)
    stopSwitch.signal.removeEventListener('abort', script.end)
  }
}

/** Node runs a timer that is longer at once. */
const longestTimerMs = 2 ** 31 - 1
