import type { Server } from 'node:http'
import { Server as NetServer, type Socket } from 'node:net'

/**
 * Lets a server stop in order: it takes no new connection, those without a call close at once, the others when their answer
 * has been sent to its last byte. Node's own `close` cuts an answer that is complete but still on its way to a slow reader. To
 * be called before the server gets its first connection.
 */
export const drainable = (server: Server): { readonly stop: () => Promise<void> } => {
  const underWay = new Map<Socket, number>()
  let isStopping = false
  const add = (socket: Socket, count: number): void => {
    const now = (underWay.get(socket) ?? 0) + count
    if (!socket.destroyed) underWay.set(socket, now)
    if (isStopping && now === 0) socket.destroySoon()
  }
  server.on('connection', (socket) => {
    add(socket, 0)
    socket.once('close', () => underWay.delete(socket))
  })
  server.on('request', ({ socket }, response) => {
    add(socket, 1)
    response.once('close', () => add(socket, -1))
  })
  return {
    stop: () =>
      new Promise((resolve) => {
        isStopping = true
        NetServer.prototype.close.call(server, () => resolve())
        for (const [socket, count] of underWay) if (count === 0) socket.destroySoon()
      }),
  }
}
