/** The facility's share as people write it; the host may carry its domain. */
const share = /^[\\/]{2}isis(?:\.[a-z0-9.-]+)?[\\/]inst\$(?=[\\/]|$)/i

const tidy = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return `/${parts.join('/')}`
}

const isWithin = (path: string, root: string): boolean => root === '/' || path === root || path.startsWith(`${root}/`)

/**
 * A path into the archive as this machine knows it, from either form people paste: `\\isis\inst$\NDXWISH\…` or `/isis/NDXWISH/…`.
 * Undefined where it is neither, or leaves the archive by `..`.
 */
export const toLinuxPath = (text: string, root: string): string | undefined => {
  const given = text.trim().replace(/^(["'])(.*)\1$/, '$2')
  const base = tidy(root)
  const prefix = share.exec(given)?.[0]
  const inside = prefix === undefined ? undefined : given.slice(prefix.length).replace(/\\/g, '/')
  const linux = inside ?? fromLinuxForm(given, base)
  if (linux === undefined || climbsOut(linux)) return undefined
  return tidy(`${base}/${linux}`)
}

const fromLinuxForm = (given: string, base: string): string | undefined => {
  if (given.includes('\\')) return undefined
  const path = given.startsWith('/') ? given : undefined
  if (path === undefined) return undefined
  if (isWithin(path, base)) return base === '/' ? path : path.slice(base.length)
  // What users call /isis may be mounted elsewhere here.
  return isWithin(path, '/isis') ? path.slice('/isis'.length) : undefined
}

const climbsOut = (path: string): boolean => {
  let depth = 0
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    depth += part === '..' ? -1 : 1
    if (depth < 0) return true
  }
  return false
}

/** The same place as the facility's Windows machines name it; undefined where it does not lie in the archive. */
export const toWindowsPath = (path: string, root: string): string | undefined => {
  const base = tidy(root)
  const linux = tidy(path)
  if (!path.startsWith('/') || !isWithin(linux, base)) return undefined
  const inside = base === '/' ? linux.slice(1) : linux.slice(base.length + 1)
  return `\\\\isis\\inst$\\${inside.replace(/\//g, '\\')}`
}
