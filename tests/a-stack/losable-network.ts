import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A stretch of network between clients and one server, which can lose what is sent without either end being told. */
export type LosableNetwork = {
  /** The same address, reached over this network. */
  readonly url: string
  /** From now on nothing arrives, in either direction, and nothing is closed: bytes, ends and new connections wait. */
  readonly lose: () => void
  /** All that waited arrives, late. */
  readonly find: () => void
  /** The connections of now never carry anything again, as after a router forgot them; new ones do. */
  readonly forget: () => void
  readonly connections: () => number
  /** Bytes that have passed. */
  readonly carried: () => number
  readonly close: () => Promise<void>
}

type Pair = { readonly client: Socket; readonly server: Socket; isForgotten: boolean }

/** @param url of the server behind it, on loopback; all of it but the port stays as it is */
export const openLosableNetwork = async (url: string): Promise<LosableNetwork> => {
  const { hostname: host, port } = new URL(url)
  const pairs = new Set<Pair>()
  let isLost = false
  let carriedBytes = 0
  const mayRead = (pair: Pair): boolean => !isLost && !pair.isForgotten

  const relay = (from: Socket, to: Socket, pair: Pair): void => {
    from.on('data', (bytes: Buffer) => {
      carriedBytes += bytes.length
      if (to.write(bytes)) return
      from.pause()
      to.once('drain', () => {
        if (mayRead(pair)) from.resume()
      })
    })
    from.on('end', () => to.end())
    // What one end breaks off, or a closed socket says after it, breaks off the other.
    from.on('error', () => undefined)
    from.on('close', () => {
      if (!pair.isForgotten) to.destroy()
      if (to.closed) pairs.delete(pair)
    })
    if (mayRead(pair)) from.resume()
  }
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    // Made even while nothing arrives: the greeting of the server is then among what waits.
    const server = connect({ host, port: Number(port), allowHalfOpen: true, noDelay: true })
    server.pause()
    const pair: Pair = { client, server, isForgotten: false }
    pairs.add(pair)
    relay(client, server, pair)
    relay(server, client, pair)
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen({ host: '127.0.0.1', port: 0 }, resolve)
  })
  const here = new URL(url)
  here.port = String((listener.address() as AddressInfo).port)

  const each = (act: (socket: Socket) => unknown): void => {
    for (const pair of pairs) if (!pair.isForgotten) for (const socket of [pair.client, pair.server]) act(socket)
  }
  return {
    url: here.href,
    lose: () => {
      isLost = true
      each((socket) => socket.pause())
    },
    find: () => {
      isLost = false
      each((socket) => socket.resume())
    },
    forget: () => {
      each((socket) => socket.pause())
      for (const pair of pairs) pair.isForgotten = true
    },
    connections: () => pairs.size,
    carried: () => carriedBytes,
    close: async () => {
      for (const { client, server } of pairs) for (const socket of [client, server]) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
