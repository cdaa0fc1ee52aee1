import type { Figure, LineTrace } from './figure.ts'

const width = 100
const height = 56
const columns = 240

const placer = (values: readonly (number | null)[], isLog: boolean, size: number): ((value: number) => number) => {
  const to = isLog ? Math.log : (value: number): number => value
  const known = values.filter((value): value is number => value !== null && (!isLog || value > 0)).map(to)
  let [low, high] = [Infinity, -Infinity]
  for (const value of known) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  const span = high > low ? high - low : 1
  return (value) => ((to(value) - low) / span) * size
}

const pathOf = (line: LineTrace, px: (x: number) => number, py: (y: number) => number, isLogY: boolean): string => {
  // The lowest and highest of each column: no peak is lost however many points there are.
  const extremes = new Map<number, [number, number]>()
  for (const [place, x] of line.x.entries()) {
    const y = line.y[place]
    if (y === null || y === undefined || (isLogY && y <= 0)) continue
    const column = Math.round((px(x) / width) * columns)
    if (!Number.isFinite(column)) continue
    const known = extremes.get(column)
    extremes.set(column, known ? [Math.min(known[0], y), Math.max(known[1], y)] : [y, y])
  }
  return [...extremes]
    .sort(([left], [right]) => left - right)
    .flatMap(([column, [low, high]]) =>
      low === high
        ? [[column, low]]
        : [
            [column, low],
            [column, high],
          ],
    )
    .map(
      ([column = 0, y = 0], place) =>
        `${place === 0 ? 'M' : 'L'}${((column / columns) * width).toFixed(1)} ${(height - py(y)).toFixed(1)}`,
    )
    .join('')
}

/** The first panel's lines as paths in a box of 100 by 56, for a picture the size of a stamp. */
export const thumbnailPaths = (figure: Figure): readonly string[] => {
  const panel = figure.panels[0]
  if (!panel) return []
  const lines = panel.lines.filter((line) => !line.isHidden).slice(0, 6)
  const px = placer(
    lines.flatMap((line) => [...line.x]),
    panel.x.scale === 'log',
    width,
  )
  const py = placer(
    lines.flatMap((line) => [...line.y]),
    panel.left.scale === 'log',
    height,
  )
  return lines.map((line) => pathOf(line, px, py, panel.left.scale === 'log'))
}
