import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the ports the kernel lends to outgoing connections, so that a remembered port is rarely taken by one of those. */
const [lowest, highest] = [20_000, 32_000]

/** A port of loopback nobody listens on: the preferred one if it is free, else any. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isFree(preferred))) return preferred
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(lowest, highest)
    if (await isFree(port)) return port
  }
  throw new Error(`no free port was found on 127.0.0.1 between ${lowest} and ${highest}`)
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
