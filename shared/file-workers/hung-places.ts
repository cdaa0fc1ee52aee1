/** A place in the archive that does not answer. `reason` is a sentence for people. */
export type Hung = { readonly kind: 'hung'; readonly place: string; readonly since: Date; readonly reason: string }

/** `go`: an ordinary call. `probe`: the one call that may find out whether the place answers again. */
type Admission = { readonly admit: 'go' } | { readonly admit: 'probe' } | { readonly admit: 'no'; readonly hung: Hung }

export type HungPlaces = {
  readonly admit: (place: string) => Admission
  /** Does not take the probe that `admit` would give. */
  readonly look: (place: string) => Hung | undefined
  /** True where the place was hung before. */
  readonly answered: (place: string) => boolean
  readonly timedOut: (place: string, abandonedUntil: Promise<unknown>) => Hung
  /** A probe ended without telling anything, since its process broke. */
  readonly probeLost: (place: string) => void
}

const firstPauseMs = 5_000
const longestPauseMs = 30_000

type Record = {
  readonly since: Date
  failures: number
  probing: boolean
  /** Processes given up on this place that the kernel has not ended yet. */
  blocked: number
  nextProbeMs: number
}

/**
 * Remembers which places (an instrument's folder, a root) hang. A hung place gets one probe at a time, at growing distances, and none
 * while a process given up on it is still stuck: so the number of stuck processes is bounded by the number of places.
 */
export const rememberHungPlaces = (nowMs: () => number): HungPlaces => {
  const places = new Map<string, Record>()
  const describe = (place: string, record: Record): Hung => ({
    kind: 'hung',
    place,
    since: record.since,
    reason: `The archive's files of ${place} do not answer (since ${record.since.toISOString().slice(0, 19)}Z): the network drive hangs. They are tried again by themselves.`,
  })
  const look = (place: string): Hung | undefined => {
    const record = places.get(place)
    return record && describe(place, record)
  }

  return {
    look,
    admit: (place) => {
      const record = places.get(place)
      if (!record) return { admit: 'go' }
      if (record.probing || record.blocked > 0 || nowMs() < record.nextProbeMs) {
        return { admit: 'no', hung: describe(place, record) }
      }
      record.probing = true
      return { admit: 'probe' }
    },
    answered: (place) => places.delete(place),
    probeLost: (place) => {
      const record = places.get(place)
      if (record) record.probing = false
    },
    timedOut: (place, abandonedUntil) => {
      const record = places.get(place) ?? {
        since: new Date(nowMs()),
        failures: 0,
        probing: false,
        blocked: 0,
        nextProbeMs: 0,
      }
      places.set(place, record)
      record.failures += 1
      record.probing = false
      record.blocked += 1
      record.nextProbeMs = nowMs() + Math.min(firstPauseMs * 2 ** (record.failures - 1), longestPauseMs)
      void abandonedUntil.then(() => {
        record.blocked -= 1
      })
      return describe(place, record)
    },
  }
}
