/** What an import statement may load, as paths of modules relative to the importing file's folder: `['a', 'b']` is `a.b`. */
export type ImportedModule = {
  /** Leading dots: 0 is absolute, 1 the importing file's own package, 2 the one above. */
  readonly level: number
  readonly parts: readonly string[]
  /** Names after `import` in `from x import …`: each may be a module itself. */
  readonly names: readonly string[]
}

const name = String.raw`[\p{L}_][\p{L}\p{N}_]*`
const dotted = `${name}(?:\\s*\\.\\s*${name})*`
const firstName = new RegExp(`^\\s*(${name})`, 'u')
const moduleName = new RegExp(`^\\s*(\\.*)\\s*((?:${dotted})?)(?:\\s+as\\s+\\S+)?\\s*$`, 'u')
const fromImport = new RegExp(`^from\\s*(\\.*)\\s*((?:${dotted})?)\\s*\\bimport\\b\\s*(.+)$`, 'u')

/**
 * The modules that a Python source may import, found without running it. It errs on the side of too many: an import in a branch
 * that never runs counts too. Names that are computed at run time cannot be seen; `importlib.import_module('name')` with a literal can.
 */
export const scanImports = (source: string): readonly ImportedModule[] => {
  const found: ImportedModule[] = []
  for (const line of logicalLines(source)) {
    for (const statement of line.split(';')) {
      // `if x: import y` and `try: import y` keep their statement after the colon.
      const text = statement.replace(/^.*:\s*(?=(?:import|from)\s)/, '').trim()
      const plain = /^import\s+(.+)$/.exec(text)
      if (plain) {
        for (const part of (plain[1] ?? '').split(',')) add(found, part, [])
        continue
      }
      const from = fromImport.exec(text)
      if (from) add(found, `${from[1] ?? ''}${from[2] ?? ''}`, namesOf(from[3] ?? ''))
    }
  }
  for (const match of source.matchAll(/(?:import_module|__import__)\(\s*['"]([A-Za-z_][\w.]*)['"]/g))
    add(found, match[1] ?? '', [])
  return found
}

const namesOf = (list: string): readonly string[] =>
  list
    .replace(/[()]/g, ' ')
    .split(',')
    .map((part) => firstName.exec(part)?.[1])
    .filter((name) => name !== undefined)

const add = (found: ImportedModule[], text: string, names: readonly string[]): void => {
  const match = moduleName.exec(text)
  if (!match) return
  const level = match[1]?.length ?? 0
  const parts = (match[2] ?? '')
    .split('.')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (level > 0 || parts.length > 0) found.push({ level, parts, names })
}

/** Statements as Python joins them: comments and texts blanked, brackets and backslashes continuing a line. */
const logicalLines = (source: string): readonly string[] => {
  const lines: string[] = []
  let line = ''
  let depth = 0
  let at = 0
  while (at < source.length) {
    const character = source[at] ?? ''
    const quote = character === '"' || character === "'" ? quoteAt(source, at, character) : undefined
    if (quote !== undefined) {
      at = endOfText(source, at + quote.length, quote)
      line += '""'
    } else if (character === '#') {
      const end = source.indexOf('\n', at)
      at = end === -1 ? source.length : end
    } else if (character === '\\' && /^\\\r?\n/.test(source.slice(at, at + 3))) {
      at = source.indexOf('\n', at) + 1
      line += ' '
    } else if (character === '\n' || character === '\r') {
      if (depth > 0) line += ' '
      else {
        lines.push(line)
        line = ''
      }
      at += 1
    } else {
      if ('([{'.includes(character)) depth += 1
      if (')]}'.includes(character)) depth = Math.max(0, depth - 1)
      line += character
      at += 1
    }
  }
  lines.push(line)
  return lines
}

const quoteAt = (source: string, at: number, mark: string): string =>
  source.startsWith(mark.repeat(3), at) ? mark.repeat(3) : mark

const endOfText = (source: string, from: number, quote: string): number => {
  for (let at = from; at < source.length; at += 1) {
    if (source[at] === '\\') at += 1
    else if (source.startsWith(quote, at)) return at + quote.length
    // A single-quoted text that is not closed ends with its line, as Python's own error would have it.
    else if (quote.length === 1 && source[at] === '\n') return at
  }
  return source.length
}
