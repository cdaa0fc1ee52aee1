const two = (value: number): string => String(value).padStart(2, '0')

/** How long something took: `0.4 s`, `42 s`, `1 min 04 s`, `5 min`, `2 h 05 min`, `3 d 4 h`. */
export const durationWords = (seconds: number): string => {
  if (seconds < 0) return '0 s'
  if (seconds < 9.95) return seconds < 0.05 ? '0 s' : `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 600) return whole % 60 === 0 ? `${whole / 60} min` : `${Math.floor(whole / 60)} min ${two(whole % 60)} s`
  const minutes = Math.round(whole / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 1440)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
  const hours = Math.round(minutes / 60)
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** A duration that is still growing, in whole seconds, so that nothing after the point flickers. */
export const elapsedWords = (seconds: number): string => durationWords(Math.max(0, Math.floor(seconds)))

/** Seconds between two RFC 3339 times; undefined where one is missing. */
export const secondsBetween = (from: string | null, to: string | null): number | undefined => {
  if (from === null || to === null) return undefined
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000
  return Number.isFinite(seconds) ? seconds : undefined
}
