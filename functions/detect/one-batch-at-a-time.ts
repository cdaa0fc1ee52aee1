import { setTimeout as wait } from 'node:timers/promises'

/**
 * Collects items while an earlier batch is at work, and for `restMs` after it, and handles them together: few large batches when much comes
 * one after the other, none held back when little does. Where a batch fails, and not for want of the database, its items are tried one by
 * one, so that none fails for another.
 */
export const oneBatchAtATime = <Item, Result>(
  handle: (items: readonly Item[]) => Promise<Result>,
  restMs: number,
): ((item: Item) => Promise<Result>) => {
  type Waiting = {
    readonly item: Item
    readonly resolve: (result: Result) => void
    readonly reject: (fault: unknown) => void
  }
  let waiting: Waiting[] = []
  let isBusy = false

  const settle = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const result = await handle(batch.map(({ item }) => item))
      for (const { resolve } of batch) resolve(result)
    } catch (fault) {
      if (batch.length === 1 || isOutage(fault)) for (const { reject } of batch) reject(fault)
      else for (const one of batch) await settle([one])
    }
  }
  const work = async (): Promise<void> => {
    isBusy = true
    // What arrives in the same turn belongs together.
    await new Promise(setImmediate)
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      await settle(batch)
      await wait(restMs)
    }
    isBusy = false
  }
  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!isBusy) void work()
    })
}

const isOutage = (fault: unknown): boolean => fault instanceof Error && Reflect.get(fault, 'retryable') === true
