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

export type ThumbnailLine = { readonly d: string; /** Dots instead of a line. */ readonly isDots: boolean }

type Place = readonly [x: number, y: number]

const placesOf = (line: LineTrace, px: (x: number) => number, isLogY: boolean): readonly Place[] => {
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
    .flatMap(([column, [low, high]]): Place[] => {
      const x = (column / columns) * width
      return low === high
        ? [[x, low]]
        : [
            [x, low],
            [x, high],
          ]
    })
}

/** The first panel's lines as paths in a box of 100 by 56, for a picture the size of a stamp. */
export const thumbnailLines = (figure: Figure): readonly ThumbnailLine[] => {
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
  return lines.map((line) => {
    const isDots = line.style.points && !line.style.line
    const places = placesOf(line, px, panel.left.scale === 'log')
    const d = places
      .map(
        ([x, y], place) =>
          `${place === 0 || isDots ? 'M' : 'L'}${x.toFixed(1)} ${(height - py(y)).toFixed(1)}${isDots ? 'h0' : ''}`,
      )
      .join('')
    return { d, isDots }
  })
}
