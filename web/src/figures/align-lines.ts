import type { LineTrace } from './figure.ts'

/**
 * All lines of a panel over one common x, as the drawing wants them: `undefined` where a line has no point there (the line is
 * drawn across), `null` where it has a gap.
 */
export type AlignedLines = {
  readonly x: readonly number[]
  readonly ys: readonly (readonly (number | null | undefined)[])[]
}

const isSame = (left: readonly number[], right: readonly number[]): boolean =>
  left === right || (left.length === right.length && left.every((value, place) => value === right[place]))

export const alignLines = (lines: readonly Pick<LineTrace, 'x' | 'y'>[]): AlignedLines => {
  const first = lines[0]
  if (!first) return { x: [], ys: [] }
  const isStrict = first.x.every((value, place) => place === 0 || value > (first.x[place - 1] ?? -Infinity))
  if (lines.length === 1 || (isStrict && lines.every((line) => isSame(line.x, first.x))))
    return { x: first.x, ys: lines.map((line) => line.y) }
  // A line may hold the same x twice (steps): it needs as many rows there as the line that repeats it most.
  const repeats = new Map<number, number>()
  for (const line of lines) {
    let run = 0
    for (const [place, value] of line.x.entries()) {
      run = place > 0 && line.x[place - 1] === value ? run + 1 : 1
      if (run > (repeats.get(value) ?? 0)) repeats.set(value, run)
    }
  }
  const x: number[] = []
  for (const value of [...repeats.keys()].sort((left, right) => left - right))
    for (let copy = 0; copy < (repeats.get(value) ?? 1); copy += 1) x.push(value)
  const ys = lines.map((line) => {
    const column = new Array<number | null | undefined>(x.length).fill(undefined)
    let row = 0
    for (const [place, value] of line.x.entries()) {
      while (row < x.length && x[row] !== value) row += 1
      column[row] = line.y[place]
      row += 1
    }
    return column
  })
  return { x, ys }
}
