import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

export type Encoding = 'br' | 'gzip'
export type PublicFile = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly mediaType: string
  readonly etag: string
  readonly encoded: Readonly<Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>>
}

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

const read = (path: string): Uint8Array<ArrayBuffer> => Uint8Array.from(readFileSync(path))

/**
 * All files of the portal's build, by their paths with `/`. They are few and small, so they are held in memory: a request can
 * name no other file, and the disk is never waited for.
 */
export const readPublic = (root: string): ReadonlyMap<string, PublicFile> => {
  const files = new Map<string, PublicFile>()
  if (!existsSync(root)) return files
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.endsWith('.br') || entry.name.endsWith('.gz')) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = read(path)
    const brotli = existsSync(`${path}.br`) ? { br: read(`${path}.br`) } : {}
    const gzip = existsSync(`${path}.gz`) ? { gzip: read(`${path}.gz`) } : {}
    files.set(relative(root, path).split(sep).join('/'), {
      bytes,
      mediaType: mediaTypes[extname(entry.name).toLowerCase()] ?? 'application/octet-stream',
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
      encoded: { ...brotli, ...gzip },
    })
  }
  return files
}
