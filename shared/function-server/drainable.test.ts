import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { drainable } from './drainable.ts'

const held: ServerResponse[] = []
const server = createServer((asked, response) => {
  if (asked.url === '/held') held.push(response)
  else response.end('x'.repeat(asked.url === '/long' ? 20_000_000 : 1))
})
const { stop } = drainable(server)
const agent = new Agent({ keepAlive: true })
afterEach(() => {
  agent.destroy()
  server.closeAllConnections()
})

const call = async (path: string): Promise<IncomingMessage> => {
  const { port } = server.address() as AddressInfo
  const sent = request({ host: '127.0.0.1', port, path, agent }).end()
  return ((await once(sent, 'response')) as [IncomingMessage])[0]
}
const sizeOf = async (answer: IncomingMessage): Promise<number> => {
  let size = 0
  for await (const chunk of answer) size += (chunk as Buffer).length
  return size
}

it('a server that stops sends what it has answered to the last byte, however slowly it is read, and what is still to be answered', async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  await sizeOf(await call('/'))
  const slow = await call('/long')
  const waiting = call('/held')
  await expect.poll(() => held).toHaveLength(1)

  let hasStopped = false
  const stopped = stop().then(() => (hasStopped = true))
  const again = request({ host: '127.0.0.1', port, path: '/' })
  await expect(once(again.end(), 'response')).rejects.toThrow()
  held[0]?.end('late')
  expect(await sizeOf(await waiting)).toBe(4)
  expect(hasStopped).toBe(false)
  expect(await sizeOf(slow)).toBe(20_000_000)
  await stopped
})
