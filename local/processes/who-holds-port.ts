import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { commandLine } from './identity.ts'

export type PortHolder = { readonly pid: number; readonly command: string }

/** Who listens on a port of this machine, as far as this user may know. */
export function whoHoldsPort(port: number): PortHolder | undefined {
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningInodes(table, port))
  for (const pid of readdirSafely('/proc').filter((name) => /^\d+$/.test(name))) {
    const links = readdirSafely(`/proc/${pid}/fd`).map((fd) => readlinkSafely(`/proc/${pid}/fd/${fd}`))
    if (links.some((link) => sockets.includes(link))) return { pid: Number(pid), command: commandLine(Number(pid)) }
  }
  return undefined
}

/** Lines of /proc/net/tcp: the local address and port in hexadecimal, state 0A for listening, the inode tenth. */
function listeningInodes(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readSafely(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) === true && fields[3] === '0A')
    .map((fields) => `socket:[${fields[9]}]`)
}

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

function readlinkSafely(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
