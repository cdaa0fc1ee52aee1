import type { Stats } from 'node:fs'

const codeOf = (fault: unknown): string => {
  const code: unknown = fault instanceof Error ? Reflect.get(fault, 'code') : undefined
  return typeof code === 'string' ? code : 'unknown error'
}

/** Nothing lies at this path: the one fault that often heals by itself. */
export const isAbsent = (fault: unknown): boolean => codeOf(fault) === 'ENOENT' || codeOf(fault) === 'ENOTDIR'

/** Why a path cannot be read, in words that follow its name: “… may not be read by this service (permission denied).” */
export const describeFileFault = (fault: unknown): string => {
  const code = codeOf(fault)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'is not there'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this service (permission denied)'
    case 'ELOOP':
      return 'is a symbolic link that leads to itself'
    case 'EISDIR':
      return 'is a directory, not a file'
    case 'ENAMETOOLONG':
      return 'has a name that is too long'
    case 'EIO':
    case 'ESTALE':
    case 'ETIMEDOUT':
    case 'EHOSTDOWN':
    case 'EHOSTUNREACH':
    case 'ENOTCONN':
    case 'EREMOTEIO':
      return `cannot be read: the network drive answers with an error (${code})`
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return `cannot be read: this machine is short of resources (${code})`
    default:
      return `cannot be read (${code})`
  }
}

/** What lies at a path where a file should: “is a directory, not a file”. Undefined for a file. */
export const describeOtherThanFile = (stats: Stats): string | undefined => {
  if (stats.isFile()) return undefined
  if (stats.isDirectory()) return 'is a directory, not a file'
  if (stats.isFIFO()) return 'is a named pipe, not a file'
  if (stats.isSocket()) return 'is a socket, not a file'
  return 'is a device, not a file'
}
