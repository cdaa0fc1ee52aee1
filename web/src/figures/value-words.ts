import type { Axis } from './figure.ts'
import { facilityZone } from '../time/moments.ts'

const moment = new Intl.DateTimeFormat('en-GB', {
  timeZone: facilityZone,
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

/** A number of a figure in about five digits. */
export const figureNumber = (value: number): string => {
  if (value === 0) return '0'
  const size = Math.abs(value)
  return size >= 1e6 || size < 1e-3 ? value.toExponential(3) : String(Number(value.toPrecision(5)))
}

/** A place on an axis in words: a number, a category's name or a time. */
export const placeWords = (value: number, axis: Axis): string => {
  if (axis.categories) return axis.categories[Math.round(value)] ?? ''
  return axis.scale === 'time' ? moment.format(value * 1000) : figureNumber(value)
}
