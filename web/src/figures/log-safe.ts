import type { ErrorBars, LineTrace } from './figure.ts'

const pick = <Value>(list: readonly Value[], places: readonly number[]): Value[] =>
  places.flatMap((place) => {
    const value = list[place]
    return value === undefined ? [] : [value]
  })

const pickErrors = (errors: ErrorBars | undefined, places: readonly number[]): ErrorBars | undefined =>
  errors && { plus: pick(errors.plus, places), minus: pick(errors.minus, places) }

/** A line without what logarithmic axes cannot show: points at or left of zero go, values at or below zero become gaps. */
export const logSafe = (line: LineTrace, isLogX: boolean, isLogY: boolean): LineTrace => {
  const places = line.x.flatMap((x, place) => (isLogX && x <= 0 ? [] : [place]))
  const whole = places.length === line.x.length
  const kept = whole
    ? line
    : {
        ...line,
        x: pick(line.x, places),
        y: pick(line.y, places),
        yErrors: pickErrors(line.yErrors, places),
        xErrors: pickErrors(line.xErrors, places),
      }
  return isLogY ? { ...kept, y: kept.y.map((value) => (value !== null && value > 0 ? value : null)) } : kept
}
