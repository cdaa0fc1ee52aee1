import type { Findings } from './invariants.ts'

export type Row = { readonly cause: string; readonly findings: Findings; readonly recoverySeconds: number | undefined }

const columns = ['cause', 'lost', 'doubled', 'published twice', 'orphan processes', 'leftover staging', 'recovery']

/** The table that is printed at the end. */
export const printTable = (rows: readonly Row[]): string => {
  const cells = rows.map(({ cause, findings, recoverySeconds }) => [
    cause,
    findings.lost.length,
    findings.doubled.length,
    findings.publishedTwice.length,
    findings.orphans.length,
    findings.staging.length,
    recoverySeconds === undefined ? 'never' : `${recoverySeconds.toFixed(1)} s`,
  ])
  const texts = [columns, ...cells].map((row) => row.map(String))
  const widths = columns.map((_, place) => Math.max(...texts.map((row) => row[place]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((text, place) => (place === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[place] ?? 0))).join('  ')
  const [head = [], ...rest] = texts
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rest.map(line)].join('\n')
}

export const isClean = ({ findings, recoverySeconds }: Row): boolean =>
  recoverySeconds !== undefined && Object.values(findings).every((found) => found.length === 0)

export const violations = ({ findings }: Row): readonly string[] =>
  Object.entries(findings).flatMap(([kind, found]) =>
    [...found.slice(0, 8), ...(found.length > 8 ? [`and ${found.length - 8} more`] : [])].map(
      (text) => `${kind}: ${text}`,
    ),
  )
