/** The facility's clock: what people at the instrument see on the wall. */
export const facilityZone = 'Europe/London'

const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-GB', { timeZone: facilityZone, ...options })

const full = format({
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})
const date = format({ day: 'numeric', month: 'short', year: 'numeric' })
const shortDate = format({ day: 'numeric', month: 'short' })
const year = format({ year: 'numeric' })
const clock = format({ hour: '2-digit', minute: '2-digit' })
const dayKey = format({ year: 'numeric', month: '2-digit', day: '2-digit' })

const valid = (time: string): Date | undefined => {
  const moment = new Date(time)
  return Number.isNaN(moment.getTime()) ? undefined : moment
}

/** `Sun, 22 Nov 2026, 21:56:06 GMT`, in the facility's local time. */
export const fullTime = (time: string): string => {
  const moment = valid(time)
  return moment ? full.format(moment) : time
}

/** `21:56`, with the date before it where that is another day than today. */
export const clockTime = (time: string, nowMs: number): string => {
  const moment = valid(time)
  if (!moment) return time
  return dayKey.format(moment) === dayKey.format(nowMs)
    ? clock.format(moment)
    : `${date.format(moment)}, ${clock.format(moment)}`
}

/** `1 Jul 2015, 15:29 to 15:53`. */
export const timeSpan = (from: string | null, to: string | null): string | undefined => {
  const begin = from === null ? undefined : valid(from)
  const end = to === null ? undefined : valid(to)
  if (!begin && !end) return undefined
  if (!begin || !end) return begin ? `${date.format(begin)}, from ${clock.format(begin)}` : undefined
  const sameDay = dayKey.format(begin) === dayKey.format(end)
  return `${date.format(begin)}, ${clock.format(begin)} to ${sameDay ? '' : `${date.format(end)}, `}${clock.format(end)}`
}

/**
 * How long ago, in steps calm enough to read beside: `just now`, `20 s ago`, `2 min ago`, `3 h ago`, `yesterday`, `4 d ago`,
 * then the date. What lies a moment in the future (two clocks never agree) is `just now`.
 */
export const agoWords = (time: string, nowMs: number): string => {
  const moment = valid(time)
  if (!moment) return time
  const seconds = (nowMs - moment.getTime()) / 1000
  if (seconds < -90) return date.format(moment)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  const hours = Math.floor(seconds / 3600)
  if (hours < 24) return `${hours} h ago`
  if (hours < 48) return 'yesterday'
  const days = Math.floor(hours / 24)
  return days <= 30 ? `${days} d ago` : date.format(moment)
}

/** When something will be: `in 40 s`, `in 3 min`, `in 5 h`; `now` when it is due. */
export const untilWords = (time: string, nowMs: number): string => {
  const moment = valid(time)
  if (!moment) return time
  const seconds = Math.ceil((moment.getTime() - nowMs) / 1000)
  if (seconds <= 0) return 'now'
  if (seconds < 90) return `in ${seconds} s`
  if (seconds < 5400) return `in ${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `in ${Math.round(seconds / 3600)} h` : `in ${Math.round(seconds / 86_400)} d`
}

/** When a row's run was: `12 min ago` within the hour, then the clock time, with its date before today. */
export const rowTime = (time: string, nowMs: number): string => {
  const moment = valid(time)
  if (!moment) return time
  if (Math.abs(nowMs - moment.getTime()) < 3_600_000) return agoWords(time, nowMs)
  const isToday = dayKey.format(moment) === dayKey.format(nowMs)
  const isThisYear = year.format(moment) === year.format(nowMs)
  if (isToday) return clock.format(moment)
  return isThisYear ? `${shortDate.format(moment)}, ${clock.format(moment)}` : date.format(moment)
}
