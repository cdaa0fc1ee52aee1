/** The text of a file kept byte for byte; null where it is not UTF-8, since showing it wrongly would be worse. */
export const readableText = (base64: string): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'))
  } catch {
    return null
  }
}
