/** Work done in the order it came, so many pieces at a time, and no more than so many waiting. */
export type WorkQueue = {
  /** False where no more may wait. The work must not fail. */
  add(work: () => Promise<void>): boolean
}

export function openWorkQueue(limits: { readonly atATime: number; readonly mostWaiting: number }): WorkQueue {
  const waiting: (() => Promise<void>)[] = []
  let running = 0
  const next = () => {
    const work = running < limits.atATime ? waiting.shift() : undefined
    if (work === undefined) return
    running += 1
    void work().finally(() => {
      running -= 1
      next()
    })
  }
  return {
    add: (work) => {
      if (running >= limits.atATime && waiting.length >= limits.mostWaiting) return false
      waiting.push(work)
      next()
      return true
    },
  }
}
