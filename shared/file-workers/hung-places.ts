/** A place that does not answer. `reason` is a sentence for people. */
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
/**
 * While a process is stuck in the kernel the place most likely still hangs. But a drive that was mounted anew does not free who is
 * stuck in the old one, so after a while another process is risked, up to so many.
 */
const pauseWhileStuckMs = 300_000
const mostStuck = 3

type Record = {
  readonly since: Date
  failures: number
  probing: boolean
  /** Processes given up on this place that the kernel has not ended yet. */
  stuck: number
  timedOutMs: number
}

/**
 * Remembers which places (an instrument's folder, a root) hang. A hung place gets one probe at a time, at growing distances, and
 * hardly any while a process given up on it is still stuck: so the number of stuck processes is bounded by the number of places.
 */
export const rememberHungPlaces = (
  nowMs: () => number,
  describe: (place: string, since: Date) => string,
): HungPlaces => {
  const places = new Map<string, Record>()
  const hung = (place: string, { since }: Record): Hung => ({
    kind: 'hung',
    place,
    since,
    reason: describe(place, since),
  })
  const look = (place: string): Hung | undefined => {
    const record = places.get(place)
    return record && hung(place, record)
  }
  const mayProbe = ({ probing, stuck, failures, timedOutMs }: Record): boolean => {
    if (probing || stuck >= mostStuck) return false
    const pauseMs = stuck > 0 ? pauseWhileStuckMs : Math.min(firstPauseMs * 2 ** (failures - 1), longestPauseMs)
    return nowMs() >= timedOutMs + pauseMs
  }

  return {
    look,
    admit: (place) => {
      const record = places.get(place)
      if (!record) return { admit: 'go' }
      if (!mayProbe(record)) return { admit: 'no', hung: hung(place, record) }
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
        stuck: 0,
        timedOutMs: 0,
      }
      places.set(place, record)
      record.failures += 1
      record.probing = false
      record.stuck += 1
      record.timedOutMs = nowMs()
      void abandonedUntil.then(() => {
        record.stuck -= 1
      })
      return hung(place, record)
    },
  }
}
