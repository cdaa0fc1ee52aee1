/** The state of pages that were left, by their address, so that going back finds them as they were. The oldest is let go. */
export type Kept = {
  readonly get: <Value>(address: string, make: () => Value) => Value
}

export const openKept = (most = 8): Kept => {
  const states = new Map<string, unknown>()
  return {
    get: <Value>(address: string, make: () => Value): Value => {
      const found = states.get(address) as Value | undefined
      const value = found ?? make()
      states.delete(address)
      states.set(address, value)
      const oldest = states.keys().next().value
      if (states.size > most && oldest !== undefined) states.delete(oldest)
      return value
    },
  }
}
