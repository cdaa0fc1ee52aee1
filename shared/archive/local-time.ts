/** The files' times carry no zone: they are the facility's local time. */
export const facilityZone = 'Europe/London'

const dayMs = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

const offsetMs = (instantMs: number, zone: string): number => {
  const format =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  formats.set(zone, format)
  const part = Object.fromEntries(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]))
  const local = Date.UTC(part.year ?? 0, (part.month ?? 1) - 1, part.day, part.hour, part.minute, part.second)
  return local - Math.floor(instantMs / 1000) * 1000
}

/**
 * The instants that a local time such as `2019-11-12T14:30:39` may mean, earliest first: none where it is no time, two in the hour
 * that comes twice when clocks go back. An hour that clocks skip is taken as if they had not gone forward. A zone that is
 * written out (`Z`, `+01:00`) is honoured.
 */
export const instantsOfLocalTime = (text: string, zone = facilityZone): readonly Date[] => {
  const match =
    /^\s*([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]+([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?\s*(Z|[+-][0-9]{2}:?[0-9]{2})?\s*$/i.exec(
      text,
    )
  if (!match) return []
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3))
  const wallMs = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, milliseconds)
  const wall = new Date(wallMs)
  // Date.UTC rolls 31 February over; such a text is no time.
  if (
    wall.getUTCMonth() + 1 !== month ||
    wall.getUTCDate() !== day ||
    wall.getUTCHours() !== hour ||
    wall.getUTCMinutes() !== minute
  ) {
    return []
  }
  if (match[8] !== undefined) return [new Date(wallMs - writtenOffsetMs(match[8]))]
  const offsets = [...new Set([offsetMs(wallMs - dayMs, zone), offsetMs(wallMs + dayMs, zone)])]
  const instants = offsets
    .map((offset) => wallMs - offset)
    .filter((instant) => wallMs - instant === offsetMs(instant, zone))
  if (instants.length === 0) return [new Date(wallMs - offsetMs(wallMs - dayMs, zone))]
  return instants.sort((left, right) => left - right).map((instant) => new Date(instant))
}

const writtenOffsetMs = (zone: string): number => {
  if (/^z$/i.test(zone)) return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

/**
 * Start and end of a run as instants. Where clocks went back and a time may mean two, the pair is taken whose distance is nearest
 * to the run's duration; without a duration the earliest that makes sense.
 */
export const runTimes = (
  start: string | null,
  end: string | null,
  durationSeconds: number | null,
  zone = facilityZone,
): { readonly startedAt: Date | null; readonly endedAt: Date | null } => {
  const starts = start === null ? [] : instantsOfLocalTime(start, zone)
  const ends = end === null ? [] : instantsOfLocalTime(end, zone)
  let best: { startedAt: Date; endedAt: Date; error: number } | undefined
  for (const startedAt of starts) {
    for (const endedAt of ends) {
      const lengthMs = endedAt.getTime() - startedAt.getTime()
      const error = (lengthMs < 0 ? dayMs : 0) + Math.abs(lengthMs - (durationSeconds ?? 0) * 1000)
      if (!best || error < best.error) best = { startedAt, endedAt, error }
    }
  }
  return { startedAt: best?.startedAt ?? starts[0] ?? null, endedAt: best?.endedAt ?? ends[0] ?? null }
}
