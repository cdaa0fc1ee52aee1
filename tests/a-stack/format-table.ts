/** Columns with a line below their heads; the first is set left, all others right. */
export const formatTable = (heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string => {
  const texts = [heads, ...rows].map((row) => row.map(String))
  const widths = heads.map((_, place) => Math.max(...texts.map((row) => row[place]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row
      .map((text, place) => (place === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[place] ?? 0)))
      .join('  ')
      .trimEnd()
  const [head = [], ...rest] = texts
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rest.map(line)].join('\n')
}
