import { isMet, type Figure } from './figure.ts'

/** `{"name","value","unit"}`, one line a figure. */
export const asJsonLine = ({ name, value, unit }: Figure): string =>
  JSON.stringify({ name, value: rounded(value), unit })

export const asTable = (figures: readonly Figure[]): string => {
  const rows = figures.map((figure) => [
    figure.name,
    String(rounded(figure.value)),
    figure.unit,
    figure.target === undefined ? '' : `${figure.unit === '1/s' ? '>=' : '<='} ${figure.target}`,
    { true: 'met', false: 'MISSED', undefined: '' }[String(isMet(figure))] ?? '',
    figure.note ?? '',
  ])
  const all = [['what', 'value', 'unit', 'target', '', ''], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
