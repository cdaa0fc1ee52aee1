import { formatTable } from '../a-stack/format-table.ts'
import type { Findings } from './invariants.ts'

/** What became of one cause. */
export type Row = { readonly cause: string } & (
  | {
      readonly came: 'to an end'
      /** How much was under way at each strike. */
      readonly met: readonly number[]
      readonly findings: Findings
      readonly recoverySeconds: number | undefined
    }
  /** It could not be tried, or not be looked at. */
  | { readonly came: 'to nothing'; readonly fault: string }
)

const columns = [
  'cause',
  'lost',
  'doubled',
  'published twice',
  'orphan processes',
  'leftover staging',
  'recovery',
  'under way',
]

const cellsOf = (row: Row): readonly (string | number)[] => {
  if (row.came === 'to nothing') return [row.cause, '?', '?', '?', '?', '?', 'FAILED', '']
  const { cause, met, findings, recoverySeconds } = row
  return [
    cause,
    findings.lost.length,
    findings.doubled.length,
    findings.publishedTwice.length,
    findings.orphans.length,
    findings.staging.length,
    recoverySeconds === undefined ? 'never' : `${recoverySeconds.toFixed(1)} s`,
    met.join(' '),
  ]
}

/** The table that is printed at the end. */
export const printTable = (rows: readonly Row[]): string => formatTable(columns, rows.map(cellsOf))

/** What is wrong with it, in words; nothing where all is well. */
export const violations = (row: Row): readonly string[] => {
  if (row.came === 'to nothing') return [row.fault]
  const { met, findings, recoverySeconds } = row
  // Zeros prove nothing where nothing was struck.
  const hasStruck = met.length > 0 && met.every((count) => count > 0)
  return [
    ...(hasStruck ? [] : [`not every strike met something under way: ${met.join(', ') || 'there was none'}`]),
    ...(recoverySeconds === undefined ? ['work did not flow again in time'] : []),
    ...Object.entries(findings).flatMap(([kind, found]) =>
      [...found.slice(0, 8), ...(found.length > 8 ? [`and ${found.length - 8} more`] : [])].map(
        (text) => `${kind}: ${text}`,
      ),
    ),
  ]
}

export const isClean = (row: Row): boolean => violations(row).length === 0
