import { basename } from 'node:path'

/** What a browser may show by itself: it can do nothing there. Everything else a script has written is only offered for saving. */
const harmless = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/bmp',
  'image/tiff',
  'image/webp',
  'text/plain',
  'text/csv',
  'application/json',
])

const mediaTypePattern = /^[a-z0-9.+-]{1,60}\/[a-z0-9.+-]{1,60}(\s*;\s*charset=[a-z0-9-]{1,20})?$/i

/** `Content-Disposition` for saving under a file's own name, whatever is in it. */
export const attachment = (path: string, how: 'inline' | 'attachment'): string => {
  const name = basename(path)
  const plain = name.replace(/[^\x20-\x7e]|["\\%;]/g, '_')
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${how}; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/**
 * Headers for a file that a script has written, which is not to be trusted with the portal's origin: SVG and HTML are never shown in
 * place, nothing is guessed from the content, and whatever a browser opens anyway runs in a sandbox without scripts.
 */
export const fileHeaders = (file: { readonly path: string; readonly mediaType: string }): Record<string, string> => {
  const mediaType = mediaTypePattern.test(file.mediaType) ? file.mediaType : 'application/octet-stream'
  const [essence = ''] = mediaType.toLowerCase().split(';')
  const isHarmless = harmless.has(essence.trim())
  const needsCharset = essence.startsWith('text/') && !mediaType.includes(';')
  return {
    'content-type': needsCharset ? `${mediaType}; charset=utf-8` : mediaType,
    'content-disposition': attachment(file.path, isHarmless ? 'inline' : 'attachment'),
    'content-security-policy': "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'cache-control': 'private, no-cache',
    'accept-ranges': 'bytes',
  }
}

/** Changes whenever the file does, as far as its size and time tell. */
export const entityTag = (file: { readonly sizeBytes: number; readonly modifiedAtMs: number }): string =>
  `"${file.sizeBytes.toString(36)}-${Math.round(file.modifiedAtMs * 1000).toString(36)}"`

export const matchesTag = (header: string | undefined, tag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag))
