import { extname } from 'node:path'

const byExtension: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.bmp': 'image/bmp',
  '.gif': 'image/gif',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
  '.svg': 'image/svg+xml',
  '.pdf': 'application/pdf',
  '.json': 'application/json',
  '.nxs': 'application/x-hdf5',
  '.nx5': 'application/x-hdf5',
  '.h5': 'application/x-hdf5',
  '.hdf5': 'application/x-hdf5',
  '.csv': 'text/csv',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.xml': 'application/xml',
  '.py': 'text/x-python',
  '.zip': 'application/zip',
  '.gz': 'application/gzip',
}

const plainText = new Set([
  '.txt',
  '.out',
  '.log',
  '.dat',
  '.asc',
  '.gss',
  '.fxye',
  '.abc',
  '.ini',
  '.par',
  '.md',
  '.spe',
])

/** Picture formats that are plots of their own. SVG and HTML are not: scripts are not trusted with the portal's origin. */
const pictures = new Set(['.png', '.jpg', '.jpeg', '.bmp', '.gif', '.tif', '.tiff'])

export const mediaTypeOf = (path: string): string => {
  const extension = extname(path).toLowerCase()
  if (plainText.has(extension)) return 'text/plain; charset=utf-8'
  return byExtension[extension] ?? 'application/octet-stream'
}

export const isPicture = (path: string): boolean => pictures.has(extname(path).toLowerCase())
