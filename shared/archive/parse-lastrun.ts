/** What the control system's `lastrun.txt` says: the newest run that is fully copied to the archive. */
export type Lastrun = { readonly name: string; readonly lastRun: number; readonly flag: string }

/** A well-formed file has some twenty bytes; beyond this it is another file under this name. */
export const largestLastrunBytes = 1_024

const example = 'Expected is one line such as “WISH 00044733 0”.'
const largestRunNumber = 999_999_999

/**
 * Reads the one line of `lastrun.txt`: name, zero-padded run number, flag; exactly three tokens (domain reference, section 2).
 * Two tokens may be a line that is just being written, so nothing is guessed from them. The fault is a sentence about “it”.
 */
export const parseLastrun = (bytes: Uint8Array): { readonly lastrun: Lastrun } | { readonly fault: string } => {
  if (bytes.length > largestLastrunBytes) {
    return {
      fault: `It has more than ${largestLastrunBytes} bytes, so it is not what the control system writes. ${example}`,
    }
  }
  if (bytes.some((byte) => byte > 0x7e || (byte < 0x20 && !isWhiteSpace(byte)))) {
    return { fault: `It holds characters that are not plain ASCII. ${example}` }
  }
  const text = Buffer.from(bytes).toString('ascii')
  const tokens = text.split(/\s+/).filter((token) => token !== '')
  const [name, number, flag] = tokens
  if (name === undefined) return { fault: `It is empty. ${example}` }
  if (tokens.length !== 3 || number === undefined || flag === undefined) {
    return {
      fault: `It says “${shorten(text)}”, ${tokens.length === 1 ? 'one word' : `${tokens.length} words`} where there should be three. ${example}`,
    }
  }
  if (/^-[0-9]+$/.test(number)) return { fault: `Its run number is negative (${shorten(number)}). ${example}` }
  if (!/^[0-9]+$/.test(number))
    return { fault: `Its run number “${shorten(number)}” is not a whole number. ${example}` }
  const lastRun = Number(number)
  if (lastRun > largestRunNumber)
    return { fault: `Its run number ${shorten(number)} has more than nine digits. ${example}` }
  return { lastrun: { name, lastRun, flag } }
}

const isWhiteSpace = (byte: number): boolean => byte >= 0x09 && byte <= 0x0d

const shorten = (text: string): string => {
  const line = text.trim().replace(/\s+/g, ' ')
  return line.length > 40 ? `${line.slice(0, 40)}…` : line
}
