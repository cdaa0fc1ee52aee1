import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openLosableNetwork, type LosableNetwork } from './losable-network.ts'

let server: Server
let network: LosableNetwork
let heard: string
const ends: string[] = []
const clients: Socket[] = []

beforeEach(async () => {
  heard = ''
  ends.length = 0
  server = createServer((socket) => {
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      heard += text
      socket.write(text.toUpperCase())
    })
    socket.on('end', () => ends.push('end'))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  network = await openLosableNetwork(`tcp://user:word@127.0.0.1:${(server.address() as AddressInfo).port}/database`)
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await network.close()
  await new Promise((resolve) => server.close(resolve))
})

const call = (url = network.url) => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  clients.push(socket)
  const said = { text: '', isClosed: false, socket }
  socket.setEncoding('utf8').on('data', (text: string) => (said.text += text))
  socket.on('close', () => (said.isClosed = true))
  socket.on('error', () => undefined)
  return said
}
/** A round trip past the network: whatever could have arrived through it before has arrived. */
const roundTrip = async () => {
  const direct = call(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`)
  direct.socket.write('-')
  await expect.poll(() => direct.text).toBe('-')
}

it('keeps user, password and path of the address, and carries both ways', async () => {
  expect(network.url).toMatch(/^tcp:\/\/user:word@127\.0\.0\.1:[0-9]+\/database$/)
  const client = call()
  client.socket.write('over there')
  await expect.poll(() => client.text).toBe('OVER THERE')
})

it('holds back bytes, ends and new connections while it is lost, closes none, and brings all of them late', async () => {
  const [speaking, leaving] = [call(), call()]
  speaking.socket.write('a')
  leaving.socket.write('b')
  await expect.poll(() => speaking.text + leaving.text).toBe('AB')
  network.lose()
  speaking.socket.write('c')
  leaving.socket.end('d')
  const coming = call()
  coming.socket.write('e')
  await roundTrip()
  expect(heard.replace('-', '')).toMatch(/^(ab|ba)$/)
  expect([speaking.isClosed, leaving.isClosed, coming.isClosed]).toEqual([false, false, false])
  expect(ends).toEqual([])
  network.find()
  await expect.poll(() => [speaking.text, leaving.text, coming.text]).toEqual(['AC', 'BD', 'E'])
  await expect.poll(() => leaving.isClosed).toBe(true)
  expect(ends).toEqual(['end'])
})

it('forgets the connections of now without a word, and carries new ones', async () => {
  const old = call()
  old.socket.write('a')
  await expect.poll(() => old.text).toBe('A')
  network.forget()
  old.socket.write('b')
  const young = call()
  young.socket.write('c')
  await expect.poll(() => young.text).toBe('C')
  expect(heard).toBe('ac')
  expect([old.text, old.isClosed]).toEqual(['A', false])
})
