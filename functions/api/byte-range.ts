export type ByteRange = { readonly first: number; readonly last: number }

/**
 * What a `Range` header asks of a file of this size (RFC 9110, 14): one range of bytes; `undefined` where it asks for all, or for
 * something we answer with all (several ranges, another unit, nonsense); `none` where the file has no such bytes.
 */
export const parseRange = (header: string | undefined, sizeBytes: number): ByteRange | 'none' | undefined => {
  const match = /^bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*$/i.exec(header?.trim() ?? '')
  if (!match) return undefined
  const [, from = '', to = ''] = match
  if (from === '' && to === '') return undefined
  if (from === '') {
    const length = Math.min(Number(to), sizeBytes)
    return length === 0 ? 'none' : { first: sizeBytes - length, last: sizeBytes - 1 }
  }
  const first = Number(from)
  if (to !== '' && Number(to) < first) return undefined
  if (first >= sizeBytes) return 'none'
  return { first, last: to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) }
}
