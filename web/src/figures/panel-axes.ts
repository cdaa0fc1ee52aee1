import uPlot from 'uplot'
import type { Axis, Panel } from './figure.ts'
import { figureNumber } from './value-words.ts'

/** Colours and type, taken from the page's tokens. */
export type Look = {
  readonly text: string
  readonly muted: string
  readonly grid: string
  readonly ground: string
  readonly lines: readonly string[]
  readonly font: string
}

const isPower = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9

const leadingDigit = (value: number): number => Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))

/** Names for ticks of a logarithmic axis: `0.1`, `1`, `10`, and powers further out. */
const logValues = (_: uPlot, splits: (number | null)[]): string[] =>
  splits.map((value) => {
    if (value === null) return ''
    const power = Math.round(Math.log10(value))
    if (!isPower(value) || (power >= -2 && power <= 3)) return figureNumber(value)
    return `10${String(power).replace(/./g, (letter) => '⁰¹²³⁴⁵⁶⁷⁸⁹'['0123456789'.indexOf(letter)] ?? '⁻')}`
  })

/** Ticks that get a name: decades, between them 2 and 5 where few decades are in view, and all in less than one. */
const namedTicks = (_: uPlot, splits: number[]): (number | null)[] => {
  const decades = splits.filter(isPower).length
  const digits = decades > 2 ? [1] : decades > 0 ? [1, 2, 5] : [1, 2, 3, 4, 5, 6, 7, 8, 9]
  return splits.map((value) => (digits.includes(leadingDigit(value)) ? value : null))
}

/** Lines at each decade; those between are drawn only where few decades are in view. */
const decadesOnly = (_: uPlot, splits: number[]): (number | null)[] =>
  splits.filter(isPower).length > 2 ? splits.map((value) => (isPower(value) ? value : null)) : splits

const axisFor = (axis: Axis, look: Look, more: uPlot.Axis): uPlot.Axis => ({
  stroke: look.muted,
  font: `12px ${look.font}`,
  labelFont: `13px ${look.font}`,
  labelSize: 24,
  grid: { stroke: look.grid, width: 1 },
  ticks: { stroke: look.grid, width: 1, size: 5 },
  ...(axis.title !== undefined && { label: axis.title }),
  ...(axis.scale === 'log' && {
    values: logValues,
    filter: namedTicks,
    grid: { stroke: look.grid, width: 1, filter: decadesOnly },
  }),
  ...(axis.categories && {
    splits: () => axis.categories?.map((_, place) => place) ?? [],
    values: (_: uPlot, splits: number[]) => splits.map((place) => axis.categories?.[place] ?? ''),
  }),
  ...more,
})

/** Numbers on a vertical axis need the room that they need. */
const widthOfValues = (plot: uPlot, values: string[] | null, place: number): number => {
  const axis = plot.axes[place]
  if (!values) return 40
  plot.ctx.save()
  plot.ctx.font = axis?.font?.[0] ?? '12px sans-serif'
  const longest = Math.max(0, ...values.map((value) => plot.ctx.measureText(value ?? '').width / devicePixelRatio))
  plot.ctx.restore()
  return Math.ceil(longest) + 16
}

export const axesFor = (panel: Panel, look: Look): uPlot.Axis[] => [
  axisFor(panel.x, look, { size: 32, ...(panel.x.scale !== 'log' && !panel.x.categories && { space: 64 }) }),
  axisFor(panel.left, look, { scale: 'y', size: widthOfValues, space: 40 }),
  ...(panel.right
    ? [axisFor(panel.right, look, { scale: 'right', side: 1, size: widthOfValues, grid: { show: false } })]
    : []),
]

const direction = (axis: Axis, forwards: 0 | 1): Partial<uPlot.Scale> =>
  axis.isReversed ? { dir: -1, ori: forwards } : { ori: forwards }

const distribution = (axis: Axis): Partial<uPlot.Scale> => (axis.scale === 'log' ? { distr: 3, log: 10 } : { distr: 1 })

const xScale = (panel: Panel): uPlot.Scale => {
  const axis = panel.x
  const given = axis.range
  const half = panel.lines.some((line) => line.style.bars) ? 0.6 : 0
  return {
    time: axis.scale === 'time',
    ...distribution(axis),
    ...direction(axis, 0),
    range: (_, min, max) => {
      if (given) return [given[0], given[1]]
      if (axis.categories) return [min - 0.6, max + 0.6]
      if (axis.scale === 'log')
        return min > 0 && max > min ? [min / 1.05, max * 1.05] : [min > 0 ? min / 2 : 0.1, min > 0 ? min * 2 : 10]
      return max > min ? [min - half, max + half] : [min - 1, max + 1]
    },
  }
}

const yScale = (panel: Panel, axis: Axis, isLeft: boolean): uPlot.Scale => {
  const edges = isLeft ? panel.map?.yEdges : undefined
  const given: readonly [number, number] | undefined = axis.range ?? (edges && [edges[0] ?? 0, edges.at(-1) ?? 1])
  const hasBars = panel.lines.some((line) => line.style.bars)
  return {
    ...distribution(axis),
    ...direction(axis, 1),
    range: (plot, min, max, key) => {
      if (given) return [given[0], given[1]]
      if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max))
        return axis.scale === 'log' ? [0.1, 10] : [0, 1]
      if (axis.scale === 'log') return min > 0 ? [min / 1.4, max * 1.4] : [0.1, 10]
      const [low, high] = uPlot.rangeNum(hasBars ? Math.min(0, min) : min, max, 0.08, true)
      void plot
      void key
      return [low ?? 0, high ?? 1]
    },
  }
}

export const scalesFor = (panel: Panel): uPlot.Scales => ({
  x: xScale(panel),
  y: yScale(panel, panel.left, true),
  ...(panel.right && { right: yScale(panel, panel.right, false) }),
})
