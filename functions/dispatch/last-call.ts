import type { Held } from '#database/queries/lease-expired.ts'

/** Two hearts may stumble within this time. */
export const lastCallMs = 5_000

export type LastCall = {
  /** Of those whose lease has run out, the ones that looked so a while ago already. */
  readonly confirm: (expired: readonly Held[]) => readonly Held[]
  /** How many wait to be looked at again. */
  readonly waiting: () => number
}

/**
 * A database that hung, or a machine that slept, finds every lease run out when it goes on, although the holders live. So nobody is
 * taken for dead at first sight: who lives has a few seconds in which to be heard again.
 * @param now milliseconds of a clock that only goes forwards
 */
export const openLastCall = (now: () => number = () => performance.now()): LastCall => {
  let firstSeen = new Map<string, number>()
  let confirmed = 0
  return {
    confirm: (expired) => {
      const nowMs = now()
      const keyOf = ({ id, fence }: Held): string => `${id}-${fence}`
      // Who has been heard of meanwhile is forgotten, and begins anew another time.
      firstSeen = new Map(expired.map((held) => [keyOf(held), firstSeen.get(keyOf(held)) ?? nowMs]))
      const certain = expired.filter((held) => nowMs - (firstSeen.get(keyOf(held)) ?? nowMs) >= lastCallMs)
      confirmed = certain.length
      return certain
    },
    waiting: () => firstSeen.size - confirmed,
  }
}
