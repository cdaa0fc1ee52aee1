import type { MapTrace } from './figure.ts'
import { textOf, type Placing } from './parse-axis.ts'
import { isRecord, listOf, numberOrGap, rowsOf } from './plotly-arrays.ts'

/** Borders of cells whose centres are given, as Plotly draws them: halfway between neighbours. */
const edgesAround = (centres: readonly number[]): number[] => {
  const first = centres[0] ?? 0
  const last = centres.at(-1) ?? 0
  if (centres.length < 2) return [first - 0.5, first + 0.5]
  const between = centres.slice(1).map((centre, place) => (centre + (centres[place] ?? centre)) / 2)
  return [2 * first - (between[0] ?? first), ...between, 2 * last - (between.at(-1) ?? last)]
}

const edgesFor = (given: unknown, count: number, placing: Placing): number[] => {
  const values = (listOf(given) ?? []).map(placing.place)
  const known = values.filter((value) => value !== null)
  if (known.length === count + 1) return known
  return edgesAround(known.length === count ? known : Array.from({ length: count }, (_, place) => place))
}

const reversed = <Item>(list: readonly Item[]): Item[] => [...list].reverse()

/** A map of numbers over two axes; undefined where it has no rows. Falling axes are turned so that edges rise. */
export const parseMap = (
  trace: Readonly<Record<string, unknown>>,
  xPlacing: Placing,
  yPlacing: Placing,
): MapTrace | undefined => {
  const rows = rowsOf(trace['z'])
  const columns = Math.max(0, ...(rows ?? []).map((row) => row.length))
  if (!rows || columns === 0) return undefined
  let z = rows.map((row) => Array.from({ length: columns }, (_, place) => numberOrGap(row[place])))
  let xEdges = edgesFor(trace['x'], columns, xPlacing)
  let yEdges = edgesFor(trace['y'], rows.length, yPlacing)
  if ((xEdges.at(-1) ?? 0) < (xEdges[0] ?? 0)) {
    xEdges = reversed(xEdges)
    z = z.map(reversed)
  }
  if ((yEdges.at(-1) ?? 0) < (yEdges[0] ?? 0)) {
    yEdges = reversed(yEdges)
    z = reversed(z)
  }
  const bar = trace['colorbar']
  return {
    name: textOf(trace['name']) ?? 'map',
    xEdges,
    yEdges,
    z,
    zTitle: isRecord(bar) ? textOf(bar['title']) : undefined,
  }
}
