import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * Stands between two programs and forwards what they say, until it is told to freeze: then nothing comes through and nothing is closed, as
 * behind a cable that has been pulled or a firewall that has forgotten a connection.
 */
export const openFreezableProxy = async (target: { readonly host: string; readonly port: number }) => {
  const links = new Set<readonly [Socket, Socket]>()
  let isFrozen = false

  const pauseIfFrozen = (link: readonly [Socket, Socket]): void => {
    if (isFrozen) for (const socket of link) socket.pause()
  }
  const server = createServer((near) => {
    const far = connect(target.port, target.host)
    const link = [near, far] as const
    links.add(link)
    const join = (from: Socket, to: Socket): void => {
      from.setNoDelay(true)
      from.on('data', (data) => void to.write(data))
      from.on('end', () => to.end())
      from.on('error', () => to.destroy())
      from.on('close', () => {
        to.destroy()
        links.delete(link)
      })
    }
    join(near, far)
    join(far, near)
    pauseIfFrozen(link)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    port: (server.address() as AddressInfo).port,
    /** How many connections there are, frozen ones included. */
    links: (): number => links.size,
    /** What is open now is lost in silence; new connections are forwarded. */
    freezeOpen(): void {
      for (const link of links) for (const socket of link) socket.pause()
    },
    /** What is open now and what is opened from now on. */
    freeze(): void {
      isFrozen = true
      for (const link of links) pauseIfFrozen(link)
    },
    thaw(): void {
      isFrozen = false
      for (const link of links) for (const socket of link) socket.resume()
    },
    async close(): Promise<void> {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const link of links) for (const socket of link) socket.destroy()
      await closed
    },
  }
}
