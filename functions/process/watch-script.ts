import type { LaunchedScript } from './launcher.ts'
import type { StopReason } from './outcome.ts'
import type { ScriptEnd } from './runner-events.ts'

/** The first reason to stop counts; later ones change nothing. */
export type StopSwitch = {
  readonly stop: (reason: StopReason) => void
  readonly signal: AbortSignal
  /** This processor must stop, whatever the first reason was. */
  readonly leaving: AbortSignal
  readonly reason: () => StopReason | undefined
}

export const openStopSwitch = (): StopSwitch => {
  const controller = new AbortController()
  const leaving = new AbortController()
  let first: StopReason | undefined
  return {
    stop: (reason) => {
      first ??= reason
      controller.abort()
      if (reason === 'released') leaving.abort()
    },
    signal: controller.signal,
    leaving: leaving.signal,
    reason: () => first,
  }
}

/** Lets a script run until it ends or the switch is thrown; throws it itself when its time is up. */
export const watchScript = async (
  script: LaunchedScript,
  stopSwitch: StopSwitch,
  limits: { readonly wallMs: number },
): Promise<ScriptEnd> => {
  const timeLimit = setTimeout(() => stopSwitch.stop('time-limit'), Math.min(limits.wallMs, longestTimerMs))
  stopSwitch.signal.addEventListener('abort', script.end, { once: true })
  if (stopSwitch.signal.aborted) script.end()
  try {
    return await script.ended
  } finally {
    clearTimeout(timeLimit)
    stopSwitch.signal.removeEventListener('abort', script.end)
  }
}

/** Node runs a timer that is longer at once. */
const longestTimerMs = 2 ** 31 - 1
