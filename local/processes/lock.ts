import { createHash } from 'node:crypto'
import { createConnection, createServer, type Server } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

export type LockOptions = { readonly onWait?: (holder: string) => void; readonly signal?: AbortSignal }

/**
 * Does work that no other process on this machine does under the same name meanwhile, waiting for its turn. The lock is a socket without a file (Linux' abstract
 * names), so the kernel itself releases it when its holder dies, even by force: no lock is ever stale.
 */
export async function withLock<T>(name: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const lock = await take(name, options)
  try {
    return await work()
  } finally {
    await new Promise<void>((resolve) => lock.close(() => resolve()))
  }
}

async function take(name: string, { onWait, signal }: LockOptions): Promise<Server> {
  const address = `\0autoreduction-${process.getuid?.() ?? 0}-${createHash('sha256').update(name).digest('hex')}`
  let isTold = false
  for (;;) {
    signal?.throwIfAborted()
    const server = await listen(address)
    if (server !== undefined) return server
    if (!isTold) onWait?.(await askHolder(address))
    isTold = true
    await delay(200, undefined, { signal })
  }
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(`process ${process.pid}`))
    server.unref()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen({ path }, () => resolve(server))
  })
}

function askHolder(path: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = createConnection({ path, timeout: 1_000 })
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('timeout', () => socket.destroy())
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(answer === '' ? 'another process' : answer))
  })
}
