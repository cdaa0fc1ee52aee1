import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'

import { connectChannel, takeFrames } from './runner-channel.ts'
import { temporaryDirectory } from './test-support.ts'

const frame = (kind: string, content: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(kind)
  head.writeUInt32BE(content.length, 1)
  return Buffer.concat([head, content])
}
const logFrame = (text: string): Buffer => frame('L', Buffer.from(text))
const eventFrame = (event: unknown): Buffer => frame('E', Buffer.from(JSON.stringify(event)))

/** Log and events in the order in which they came; the log's bytes are copied as they are handed on. */
const listener = () => {
  const heard: (string | { readonly event: unknown })[] = []
  const take = takeFrames({
    log: async (bytes) => {
      const before = heard.at(-1)
      // Only after a turn: whoever takes it may keep it so long.
      await turn()
      const text = bytes.toString('latin1')
      if (typeof before === 'string') heard[heard.length - 1] = before + text
      else heard.push(text)
    },
    event: (event) => void heard.push({ event }),
  })
  return { heard, take }
}

describe('frames', () => {
  const frames = fc.array(
    fc.oneof(
      fc.string().map((text) => ({ bytes: logFrame(text), heard: Buffer.from(text).toString('latin1') })),
      fc.jsonValue().map((value) => {
        const event = { value: JSON.parse(JSON.stringify(value)) as unknown }
        return { bytes: eventFrame(event), heard: { event } }
      }),
      fc.constant({ bytes: frame('X', Buffer.from('of a kind unknown')), heard: '' }),
      fc.constant({ bytes: frame('E', Buffer.from('{no JSON')), heard: '' }),
      fc.constant({ bytes: frame('E', Buffer.alloc(0)), heard: '' }),
    ),
    { maxLength: 12 },
  )

  test('are the same however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(frames, fc.infiniteStream(fc.integer({ min: 1, max: 40 })), async (sent, lengths) => {
        const all = Buffer.concat(sent.map(({ bytes }) => bytes))
        const { heard, take } = listener()
        for (let at = 0; at < all.length;) {
          const length = lengths.next().value ?? 1
          const piece = Buffer.from(all.subarray(at, at + length))
          await take(piece)
          piece.fill(0)
          at += length
        }
        const expected: typeof heard = []
        for (const { heard: one } of sent) {
          const before = expected.at(-1)
          if (one === '') continue
          if (typeof one === 'string' && typeof before === 'string') expected[expected.length - 1] = before + one
          else expected.push(one)
        }
        expect(heard).toEqual(expected)
      }),
    )
  })

  test('what was printed is passed on before its frame is whole', async () => {
    const { heard, take } = listener()
    await take(logFrame('the last words').subarray(0, 9))
    expect(heard).toEqual(['the '])
  })
})

describe('a connection to a Unix socket', () => {
  const openPair = async () => {
    const path = join(await temporaryDirectory(), 'channel')
    const server = createServer()
    server.listen(path)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const accepted = once(server, 'connection')
    const channel = await connectChannel(path)
    const [runner] = (await accepted) as [Socket]
    runner.on('error', () => undefined)
    onTestFinished(() => {
      channel.destroy()
      runner.destroy()
    })
    return { channel, runner }
  }

  test('brings gigabytes in order through one buffer, to a taker that takes its time', async () => {
    const { channel, runner } = await openPair()
    const pieces = 200
    const sending = (async () => {
      for (let piece = 0; piece < pieces; piece += 1) {
        const content = Buffer.alloc(50_000 + piece, String.fromCharCode(97 + (piece % 26)))
        if (!runner.write(frame('L', content))) await once(runner, 'drain')
      }
      runner.end(eventFrame({ last: true }))
    })()
    const runs: { letter: string; length: number }[] = []
    const buffers = new Set<ArrayBufferLike>()
    const events: unknown[] = []
    await channel.read(
      takeFrames({
        log: async (bytes) => {
          buffers.add(bytes.buffer)
          await turn()
          await turn()
          for (const letter of bytes.toString('latin1').match(/(.)\1*/g) ?? []) {
            const last = runs.at(-1)
            if (last?.letter === letter.charAt(0)) last.length += letter.length
            else runs.push({ letter: letter.charAt(0), length: letter.length })
          }
        },
        event: (event) => void events.push(event),
      }),
    )
    await sending
    expect(runs).toEqual(
      Array.from({ length: pieces }, (_, piece) => ({
        letter: String.fromCharCode(97 + (piece % 26)),
        length: 50_000 + piece,
      })),
    )
    expect(buffers.size).toBe(1)
    expect(events).toEqual([{ last: true }])
  })

  test('reads nothing before somebody takes it, and then all', async () => {
    const { channel, runner } = await openPair()
    runner.end(Buffer.concat([logFrame('early'), eventFrame({ event: 'refused' })]))
    await once(runner, 'finish')
    const { heard, take } = listener()
    await channel.read(take)
    expect(heard).toEqual(['early', { event: { event: 'refused' } }])
  })

  test('reads on after it has hung up', async () => {
    const { channel, runner } = await openPair()
    const { heard, take } = listener()
    const reading = channel.read(take)
    runner.resume().once('end', () => runner.end(eventFrame({ event: 'ended' })))
    channel.hangUp()
    await reading
    expect(heard).toEqual([{ event: { event: 'ended' } }])
  })

  test('ends where the runner dies, and where it is destroyed', async () => {
    const one = await openPair()
    const reading = one.channel.read(listener().take)
    one.runner.destroy()
    await reading
    const other = await openPair()
    const cutOff = other.channel.read(listener().take)
    other.channel.destroy()
    await cutOff
  })

  test('is not over before what it brought is taken, however it breaks off', async () => {
    const { channel, runner } = await openPair()
    const [begun, taking] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const taken: string[] = []
    let isOver = false
    const reading = channel
      .read(async (bytes) => {
        begun.resolve(undefined)
        await taking.promise
        taken.push(bytes.toString())
      })
      .then(() => {
        isOver = true
      })
    runner.write('last words')
    await begun.promise
    const closed = once(runner, 'close')
    runner.destroy()
    await closed
    // It cannot be written any more: an error, while the last words are still being taken.
    channel.send({ too: 'late' })
    for (let count = 0; count < 20; count += 1) await turn()
    expect(isOver).toBe(false)
    taking.resolve(undefined)
    await reading
    expect(taken).toEqual(['last words'])
  })

  test('ends where what it brings cannot be taken', async () => {
    const { channel, runner } = await openPair()
    const gone = once(runner, 'close')
    runner.resume().write(logFrame('too much'))
    await channel.read(() => Promise.reject(new Error('taken by nobody')))
    await gone
  })

  test('says so where nobody listens', async () => {
    await expect(connectChannel(join(await temporaryDirectory(), 'nobody'))).rejects.toThrow('ENOENT')
  })
})
