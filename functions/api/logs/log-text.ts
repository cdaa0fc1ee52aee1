/** Is this byte the continuation of a character? */
const continues = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

const lengthOfCharacter = (byte: number): number =>
  (byte & 0xe0) === 0xc0 ? 2 : (byte & 0xf0) === 0xe0 ? 3 : (byte & 0xf8) === 0xf0 ? 4 : 1

/**
 * Cuts a piece of a log where characters of UTF-8 begin and end, so that each piece can be read by itself: the start only where it was
 * counted from the end, the end only where more will come. Bytes that are no UTF-8 stay as they are.
 */
export const atCharacters = (
  bytes: Uint8Array,
  cut: { readonly start: boolean; readonly end: boolean },
): { readonly bytes: Uint8Array; readonly skipped: number } => {
  let from = 0
  if (cut.start) while (from < 3 && from < bytes.length && continues(bytes[from])) from += 1
  let to = bytes.length
  if (cut.end) {
    let lead = bytes.length - 1
    while (lead > bytes.length - 4 && lead >= from && continues(bytes[lead])) lead -= 1
    const first = bytes[lead]
    // Never to nothing: a reader that asks for a single byte gets on.
    if (first !== undefined && lead > from && lead + lengthOfCharacter(first) > bytes.length) to = lead
  }
  return { bytes: bytes.subarray(from, to), skipped: from }
}
