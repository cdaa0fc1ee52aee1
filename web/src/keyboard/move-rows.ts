/** Moves the focus along the rows of a list: links marked `data-row`, each in a line marked `data-line`, in the page's order. */
export const moveRows = (step: 1 | -1): void => {
  const rows = [...document.querySelectorAll<HTMLElement>('main [data-row]')]
  const line = document.activeElement?.closest('[data-line]')
  const at = rows.findIndex((row) => line?.contains(row))
  const next = rows[at < 0 ? (step === 1 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

export const rowKeys = [
  { key: 'j', words: 'next row', press: () => moveRows(1) },
  { key: 'k', words: 'previous row', press: () => moveRows(-1) },
  { key: 'Enter', words: 'open the row' },
] as const
