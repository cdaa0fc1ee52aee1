/** Text of a piece of a log, and how many of its bytes are in it: the rest is the beginning of something, to be put before the next piece. */
export type ReadableLog = { readonly text: string; readonly usedBytes: number }

/** A sequence for the terminal that is not over after so many bytes is none. */
const longestCode = 256

/** Complete sequences for a terminal (ECMA-48): colours and cursor, titles and the like up to their end, character sets, single ones. */
const terminalCodes =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)|[ -/]+[0-~]|[0-Z\\^-~])/g
/** The beginning of one at the end of a piece. */
const begunCode = /\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]*\u001b?|[ -/]*)$/
/** Without line feed, carriage return and tab: nothing that a page could show. */
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g

const latin1 = new TextDecoder('latin1')

/**
 * What a script printed, as a person can read it: no codes for terminals, of a progress bar only what stands there in the end, and bytes
 * that are no UTF-8 as `\xe5`, as Python shows them. Pieces may be cut anywhere; `isEnd` says that none will follow.
 *
 * A carriage return that is left in the text says that the line begins anew there; see {@link lastWritten}.
 */
export const readableLog = (bytes: Uint8Array, isEnd: boolean): ReadableLog => {
  let usedBytes = isEnd ? bytes.length : bytes.length - begunCharacter(bytes)
  if (!isEnd) {
    const from = Math.max(0, usedBytes - longestCode)
    const begun = begunCode.exec(latin1.decode(bytes.subarray(from, usedBytes)))
    if (begun) usedBytes = from + begun.index
  }
  const text = decode(bytes.subarray(0, usedBytes)).replace(terminalCodes, '').replace(controls, '')
  return { text: text.includes('\r') ? withoutOverwritten(text) : text, usedBytes }
}

/** A finished line as a terminal would leave it: what was written after its last carriage return. */
export const lastWritten = (line: string): string => {
  const end = endWithoutReturns(line)
  return line.slice(line.lastIndexOf('\r', end - 1) + 1, end)
}

// By hand: an expression such as /\r+$/ looks at a line of a million returns a million times.
const endWithoutReturns = (line: string): number => {
  let end = line.length
  while (end > 0 && line[end - 1] === '\r') end -= 1
  return end
}

/** Keeps one return before what was written last, since the line may have begun in an earlier piece. */
const withoutOverwritten = (text: string): string => {
  const lines = text.split('\n')
  return lines
    .map((line, place) => {
      const end = endWithoutReturns(line)
      const isFinished = place < lines.length - 1
      // A line feed may follow what ends here.
      const rest = isFinished || end === line.length ? '' : '\r'
      const from = end === 0 ? -1 : line.lastIndexOf('\r', end - 1)
      return line.slice(Math.max(0, from), end) + rest
    })
    .join('\n')
}

/** Length of a character of UTF-8 by its first byte, 0 where none begins with it (Unicode, table 3-7). */
const lengthOf = (first: number): number =>
  first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0

/** The second byte is restricted where the character would be too long, a surrogate, or beyond Unicode. */
const mayFollow = (first: number, second: number): boolean => {
  const smallest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const largest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  return second >= smallest && second <= largest
}

/** How many bytes from here on are one character or the beginning of one; `isWhole` where it is complete. */
const characterAt = (bytes: Uint8Array, at: number): { readonly length: number; readonly isWhole: boolean } => {
  const first = bytes[at] ?? 0
  const whole = lengthOf(first)
  let length = whole === 0 ? 0 : 1
  while (length < whole) {
    const next = bytes[at + length]
    if (next === undefined) return { length, isWhole: false }
    if (length === 1 ? !mayFollow(first, next) : (next & 0xc0) !== 0x80) return { length: 0, isWhole: false }
    length += 1
  }
  return { length, isWhole: length > 0 }
}

/** How many bytes at the end begin a character that is not complete. */
const begunCharacter = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const { length, isWhole } = characterAt(bytes, bytes.length - back)
    if (length === back && !isWhole) return back
  }
  return 0
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const decode = (bytes: Uint8Array): string => {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeWithFaults(bytes)
  }
}

const decodeWithFaults = (bytes: Uint8Array): string => {
  let text = ''
  let goodFrom = 0
  for (let at = 0; at < bytes.length;) {
    const { length, isWhole } = characterAt(bytes, at)
    if (isWhole) {
      at += length
      continue
    }
    text += strict.decode(bytes.subarray(goodFrom, at))
    text += `\\x${(bytes[at] ?? 0).toString(16).padStart(2, '0')}`
    at += 1
    goodFrom = at
  }
  return text + strict.decode(bytes.subarray(goodFrom))
}
