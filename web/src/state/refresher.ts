/** Does work soon, but not more often than every `gapMs`; what is asked for meanwhile is done once, afterwards. */
export type Refresher = { readonly soon: () => void; readonly stop: () => void }

export const openRefresher = (
  work: () => Promise<void>,
  gapMs: number,
  now: () => number = () => performance.now(),
): Refresher => {
  let lastStart = -Infinity
  let isRunning = false
  let isAsked = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const run = async (): Promise<void> => {
    timer = undefined
    isRunning = true
    isAsked = false
    lastStart = now()
    await work()
    isRunning = false
    if (isAsked) soon()
  }
  const soon = (): void => {
    isAsked = true
    if (isRunning || timer !== undefined) return
    timer = setTimeout(() => void run(), Math.max(0, lastStart + gapMs - now()))
  }
  return {
    soon,
    stop: () => {
      clearTimeout(timer)
      isRunning = true
    },
  }
}
