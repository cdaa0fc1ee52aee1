import { isIP } from 'node:net'

/** Is this `Host` header a name of this machine's loopback, with or without a port? */
export const isLoopbackHost = (host: string | undefined): boolean => {
  const url = `http://${host ?? ''}`
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return hostname === 'localhost' || hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}
