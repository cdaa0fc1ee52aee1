import type { ErrorBars, LineTrace } from './figure.ts'
import type { Placing } from './parse-axis.ts'
import { isRecord, listOf, numberOrGap } from './plotly-arrays.ts'

type Part = Readonly<Record<string, unknown>>

const sizesOf = (given: Part, key: 'array' | 'arrayminus', values: readonly (number | null)[]): (number | null)[] => {
  const size = numberOrGap(given['value']) ?? 0
  switch (given['type']) {
    case 'percent':
      return values.map((value) => (value === null ? null : Math.abs(value) * (size / 100)))
    case 'constant':
      return values.map(() => size)
    case 'sqrt':
      return values.map((value) => (value === null ? null : Math.sqrt(Math.abs(value))))
    default: {
      const list = listOf(given[key])
      return values.map((_, place) => numberOrGap(list?.[place]))
    }
  }
}

const parseErrors = (given: unknown, values: readonly (number | null)[]): ErrorBars | undefined => {
  if (!isRecord(given) || given['visible'] === false) return undefined
  if (given['type'] === undefined && listOf(given['array']) === undefined) return undefined
  const plus = sizesOf(given, 'array', values)
  const isLopsided = given['symmetric'] === false || listOf(given['arrayminus']) !== undefined
  return { plus, minus: isLopsided ? sizesOf(given, 'arrayminus', values) : plus }
}

const styleOf = (trace: Part, count: number): LineTrace['style'] => {
  const bars = trace['type'] === 'bar'
  // Plotly's own rule where the mode is not said.
  const mode = typeof trace['mode'] === 'string' ? trace['mode'] : count < 20 ? 'lines+markers' : 'lines'
  const dash = isRecord(trace['line']) ? trace['line']['dash'] : undefined
  return {
    line: !bars && mode.includes('lines'),
    points: !bars && mode.includes('markers'),
    bars,
    dashed: typeof dash === 'string' && dash !== 'solid',
  }
}

const pick = <Value>(list: readonly Value[], order: readonly number[]): Value[] =>
  order.flatMap((place) => {
    const value = list[place]
    return value === undefined ? [] : [value]
  })

const inOrder = (errors: ErrorBars | undefined, order: readonly number[]): ErrorBars | undefined =>
  errors && { plus: pick(errors.plus, order), minus: pick(errors.minus, order) }

/**
 * One line or cloud of points, sorted along x as the drawing needs it. A line that goes back and forth along x cannot be
 * sorted without drawing another one: its points are shown without the line.
 */
export const parseLine = (trace: Part, xPlacing: Placing, yPlacing: Placing): Omit<LineTrace, 'name' | 'side'> => {
  const ys = listOf(trace['y']) ?? []
  const start = numberOrGap(trace['x0']) ?? 0
  const step = numberOrGap(trace['dx']) ?? 1
  const xs = listOf(trace['x']) ?? ys.map((_, place) => start + place * step)
  const x = xs.map(xPlacing.place)
  const y = ys.map(yPlacing.place)
  const order = x.flatMap((value, place) => (value === null || place >= y.length ? [] : [place]))
  const at = (place: number): number => x[place] ?? 0
  const rises = order.every((place, index) => index === 0 || at(place) >= at(order[index - 1] ?? place))
  const falls = order.every((place, index) => index === 0 || at(place) <= at(order[index - 1] ?? place))
  if (!rises) order.sort((left, right) => at(left) - at(right))
  const style = styleOf(trace, order.length)
  return {
    x: order.map(at),
    y: pick(y, order),
    style: !rises && !falls && style.line ? { ...style, line: false, points: true } : style,
    yErrors: inOrder(parseErrors(trace['error_y'], y), order),
    xErrors: inOrder(parseErrors(trace['error_x'], x), order),
    isHidden: trace['visible'] === 'legendonly',
  }
}
