import { diffArrays } from 'diff'
import type { Hunk } from '#contracts/comparison.ts'

export type DiffLimits = {
  /** Longest time for one answer: two unlike files of megabytes would take minutes. */
  readonly timeoutMs: number
  /** Lines shown around a difference. */
  readonly contextLines: number
}
export const usualDiffLimits: DiffLimits = { timeoutMs: 500, contextLines: 3 }

type Line = Hunk['lines'][number]

/** The lines that differ, by the fewest that have to go and come (Myers), with those around them. Undefined where that takes too long. */
export const diffLines = (left: string, right: string, limits: DiffLimits): readonly Hunk[] | undefined => {
  const changes = diffArrays(linesOf(left), linesOf(right), { timeout: limits.timeoutMs })
  // The library gives undefined when its time is over; its types say so only for constants.
  return changes === undefined ? undefined : hunksOf(numbered(changes), limits.contextLines)
}

/** A text that ends in a line feed has no line after it. */
const linesOf = (text: string): string[] => {
  if (text === '') return []
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  else lines.push(`${lines.pop() ?? ''}${noLineFeed}`)
  return lines
}

const noLineFeed = ' ⏎ missing at the end'

const numbered = (
  changes: readonly { readonly added: boolean; readonly removed: boolean; readonly value: readonly string[] }[],
): readonly Line[] => {
  let left = 0
  let right = 0
  return changes.flatMap(({ added, removed, value }) =>
    value.map((text): Line => {
      if (!added) left += 1
      if (!removed) right += 1
      return { left: added ? null : left, right: removed ? null : right, text }
    }),
  )
}

const isDifference = (line: Line): boolean => line.left === null || line.right === null

/** Differences with their surroundings; those that are near each other are one hunk. */
const hunksOf = (lines: readonly Line[], context: number): readonly Hunk[] => {
  const hunks: Line[][] = []
  let shownTo = 0
  for (const [place, line] of lines.entries()) {
    if (!isDifference(line)) continue
    const from = Math.max(shownTo, place - context)
    const to = Math.min(lines.length, place + context + 1)
    const last = hunks.at(-1)
    if (last && from === shownTo) last.push(...lines.slice(from, to))
    else hunks.push(lines.slice(from, to))
    shownTo = Math.max(shownTo, to)
  }
  return hunks.map((one) => ({ lines: one }))
}
