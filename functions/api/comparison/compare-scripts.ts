import type { ComparedFile, Hunk } from '#contracts/comparison.ts'
import { diffLines, type DiffLimits } from './diff-lines.ts'

/** A file of a script; null text where it is not UTF-8. `base64` is what it is byte for byte. */
export type ScriptFile = { readonly name: string; readonly base64: string; readonly text: string | null }

/** More lines than this are no reading any more. */
const mostLines = 10_000

/** File by file, `reduce.py` first as they are stored. `limits.timeoutMs` is for all of them together. */
export const compareScripts = (
  left: readonly ScriptFile[],
  right: readonly ScriptFile[],
  limits: DiffLimits,
  nowMs: () => number = () => performance.now(),
): readonly ComparedFile[] => {
  const until = nowMs() + limits.timeoutMs
  const names = [...new Set([...left, ...right].map(({ name }) => name))]
  let linesLeft = mostLines
  return names.map((name) => {
    const from = left.find((file) => file.name === name)
    const to = right.find((file) => file.name === name)
    const change = !from ? 'added' : !to ? 'removed' : from.base64 === to.base64 ? 'same' : 'changed'
    if (change === 'same') return { name, change, note: null, hunks: [] }
    if (from?.text === null || to?.text === null) {
      return { name, change, note: 'It is not UTF-8 text, so its lines are not compared.', hunks: [] }
    }
    const timeoutMs = Math.max(1, until - nowMs())
    const hunks = diffLines(from?.text ?? '', to?.text ?? '', { ...limits, timeoutMs })
    if (!hunks) return { name, change, note: 'The two differ so much that their lines are not compared.', hunks: [] }
    if (from && to && withoutReturns(from.text) === withoutReturns(to.text)) {
      return { name, change, note: 'Only the line ends differ: one was saved as on Windows, the other not.', hunks: [] }
    }
    const shown = firstLines(hunks, linesLeft)
    linesLeft -= shown.reduce((sum, { lines }) => sum + lines.length, 0)
    const isAll = shown.length === hunks.length
    return { name, change, note: isAll ? null : 'There are more differences than are shown.', hunks: [...shown] }
  })
}

const withoutReturns = (text: string): string => text.replaceAll('\r\n', '\n')

const firstLines = (hunks: readonly Hunk[], most: number): readonly Hunk[] => {
  let count = 0
  return hunks.filter(({ lines }) => {
    count += lines.length
    return count <= most
  })
}
