/** Lets those wait for the gateway's next list of functions who must not go by an older one. */
export type NextList = {
  /** Resolves after the first list that was asked for from now on: true when it was told, false when it was not. */
  readonly next: () => Promise<boolean>
  readonly begins: () => void
  readonly ended: (isTold: boolean) => void
  /** There will be none any more. */
  readonly stop: () => void
}

export const openNextList = (): NextList => {
  type Waiter = (isTold: boolean) => void
  const waiting: Waiter[] = []
  const asked: Waiter[] = []
  let isStopped = false
  return {
    next: () => new Promise((resolve) => (isStopped ? resolve(false) : waiting.push(resolve))),
    begins: () => void asked.push(...waiting.splice(0)),
    ended(isTold) {
      for (const resolve of asked.splice(0)) resolve(isTold)
    },
    stop() {
      isStopped = true
      for (const resolve of [...waiting.splice(0), ...asked.splice(0)]) resolve(false)
    },
  }
}
