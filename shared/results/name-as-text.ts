import { createHash } from 'node:crypto'

/** A name has 255 bytes at most. */
const longestBytes = 200

/**
 * A name in ASCII for one that is no valid UTF-8: its other bytes are written out, `%FF`. None that is `taken`.
 * @param taken the names in the same directory, byte for byte (latin1)
 */
export const nameAsText = (name: Buffer, taken: ReadonlySet<string>): string => {
  const whole = name
    .toString('latin1')
    .replaceAll(/[\u0080-\u00ff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`)
  const short = whole.slice(0, longestBytes)
  if (short === whole && !taken.has(short)) return short
  const unique = `${short}-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? unique : `${unique}-${count}`
    if (!taken.has(candidate)) return candidate
  }
}
