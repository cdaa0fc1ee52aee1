import type { Axis, AxisScale } from './figure.ts'
import { plainText } from './plain-text.ts'
import { isRecord, listOf, numberOrGap } from './plotly-arrays.ts'

export const textOf = (given: unknown): string | undefined => {
  const text = isRecord(given) ? given['text'] : given
  return typeof text === 'string' && text.trim() !== '' ? plainText(text) : undefined
}

const datePattern = /^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/

const epochSeconds = (text: string): number | null => {
  // Plotly reads dates without a zone as UTC.
  const iso = text.replace(' ', 'T')
  const moment = Date.parse(/[Zz]|[+-]\d{2}:?\d{2}$/.test(iso) || !iso.includes('T') ? iso : `${iso}Z`)
  return Number.isNaN(moment) ? null : moment / 1000
}

/** How the values of an axis become numbers; decided once by looking at all of them. */
export type Placing = {
  readonly scale: AxisScale
  readonly categories: readonly string[] | undefined
  readonly place: (value: unknown) => number | null
}

export const placingFor = (layout: Readonly<Record<string, unknown>>, values: readonly unknown[]): Placing => {
  const type = layout['type']
  const texts = values.filter((value) => typeof value === 'string' && value.trim() !== '')
  const areNumbers = texts.every((text) => numberOrGap(text) !== null)
  if (
    type === 'date' ||
    (type === undefined && texts.length > 0 && !areNumbers && texts.every((text) => datePattern.test(String(text))))
  ) {
    return {
      scale: 'time',
      categories: undefined,
      place: (value) => (typeof value === 'string' ? epochSeconds(value) : numberOrGap(value)),
    }
  }
  if (type === 'category' || (type !== 'log' && type !== 'linear' && texts.length > 0 && !areNumbers)) {
    const categories = [...new Set(values.map(String))]
    const places = new Map(categories.map((category, index) => [category, index]))
    return { scale: 'linear', categories, place: (value) => places.get(String(value)) ?? null }
  }
  return { scale: type === 'log' ? 'log' : 'linear', categories: undefined, place: numberOrGap }
}

export const parseAxis = (layout: Readonly<Record<string, unknown>>, placing: Placing): Axis => {
  const given = listOf(layout['range'])
  const ends =
    given?.length === 2 ? given.map((end) => (placing.scale === 'time' ? placing.place(end) : numberOrGap(end))) : []
  const [first, second] = placing.scale === 'log' ? ends.map((end) => (end === null ? null : 10 ** end)) : ends
  const isRange = typeof first === 'number' && typeof second === 'number' && first !== second
  return {
    title: textOf(layout['title']),
    scale: placing.scale,
    range: isRange ? [Math.min(first, second), Math.max(first, second)] : undefined,
    categories: placing.categories,
    isReversed: layout['autorange'] === 'reversed' || (isRange && first > second),
  }
}
