/** An escape that is not what it seems; says why, and what to write instead. */
type Escape = { readonly text: string; readonly end: number } | { readonly fault: string }

const isHalfCharacter = (code: number): boolean => code >= 0xd800 && code <= 0xdfff

type StringAnswer =
  { readonly text: string; readonly end: number } | { readonly fault: string; readonly at: number } | undefined

const simple: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
  v: '\v',
  a: '\u0007',
  '\n': '',
}
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** One escape that starts with the backslash at `at`; an unknown one keeps its backslash, as in Python. */
const readEscape = (text: string, at: number): Escape | undefined => {
  const letter = text[at + 1]
  if (letter === undefined) return undefined
  const plain = simple[letter]
  if (plain !== undefined) return { text: plain, end: at + 2 }
  const octal = /^[0-7]{1,3}/.exec(text.slice(at + 1))?.[0]
  if (octal !== undefined) return { text: String.fromCharCode(Number.parseInt(octal, 8)), end: at + 1 + octal.length }
  if (letter === 'N') return { fault: 'Names of characters (\\N) are not read here; write the character itself' }
  const length = hexLengths[letter]
  if (length === undefined) return { text: `\\${letter}`, end: at + 2 }
  const digits = text.slice(at + 2, at + 2 + length)
  const code = Number.parseInt(digits, 16)
  if (!/^[0-9a-fA-F]+$/.test(digits) || digits.length !== length || code > 0x10ffff) return undefined
  if (isHalfCharacter(code)) return { fault: 'This is half of a character (a surrogate); write the character itself' }
  return { text: String.fromCodePoint(code), end: at + 2 + length }
}

/** A quoted Python text that starts at `at`, with an optional `r` or `u` before it; undefined where none starts there. */
export const readString = (text: string, at: number): StringAnswer => {
  const start = /^([a-zA-Z]{0,2})('''|"""|'|")/.exec(text.slice(at, at + 5))
  if (!start) return undefined
  const prefix = (start[1] ?? '').toLowerCase()
  const quote = start[2] ?? "'"
  if (prefix.includes('b')) return { fault: 'Bytes (b before the quote) are not something a variable can hold', at }
  if (prefix.includes('f'))
    return { fault: 'Computed texts (f before the quote) cannot be written here; write the text itself', at }
  if (prefix !== '' && prefix !== 'r' && prefix !== 'u')
    return { fault: `“${prefix}” before a quote has no meaning`, at }
  let place = at + prefix.length + quote.length
  let result = ''
  while (place < text.length) {
    if (text.startsWith(quote, place)) return { text: result, end: place + quote.length }
    const character = text[place] ?? ''
    if (character === '\n' && quote.length === 1) break
    if (character === '\\' && prefix !== 'r') {
      const escape = readEscape(text, place)
      if (!escape) return { fault: 'This escape is not complete; write \\\\ for a backslash', at: place }
      if ('fault' in escape) return { fault: escape.fault, at: place }
      result += escape.text
      place = escape.end
    } else if (character === '\\' && place + 1 < text.length) {
      result += character + (text[place + 1] ?? '')
      place += 2
    } else {
      result += character
      place += 1
    }
  }
  return { fault: `The text that opens here is not closed: add ${quote}`, at }
}
