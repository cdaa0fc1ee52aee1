/** When the gateway took a call, and when its program was ended, in milliseconds since 1970. */
type Cut = { readonly gatewayBeganMs: number; readonly endedMs: number; readonly execTimeoutMs: number | null }

/** Two clocks of one machine, and timers that are early by a moment. */
const toleranceMs = 50

/**
 * Why a call was cut, for the function's log. It is the gateway that cuts, and it counts from when it took the call: on a busy machine
 * long before the watchdog had it.
 */
export function whyCut({ gatewayBeganMs, endedMs, execTimeoutMs }: Cut): string {
  const isTimeUp = execTimeoutMs !== null && endedMs - gatewayBeganMs > execTimeoutMs - toleranceMs
  return isTimeUp ? `its exec_timeout of ${execTimeoutMs / 1000} s was over` : 'the caller has gone'
}
