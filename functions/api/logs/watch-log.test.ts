import { describe, expect, it, vi } from 'vitest'
import { openLogWatches } from './log-watches.ts'
import { openLogStream, type Beginning } from './log-stream.ts'
import type { LogStanding } from './log-standing.ts'
import { usualWatchSettings, watchLog, type LogSource } from './watch-log.ts'

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }
const quick = { ...usualWatchSettings, shortestMs: 1, longestMs: 5, standingMs: 0, troubleMs: 5 }

/** A log in memory, of which `cutFrom`..`cutTo` is not kept. */
const logInMemory = () => {
  const state = {
    bytes: Buffer.alloc(0),
    cut: undefined as { readonly from: number; readonly to: number } | undefined,
    standing: { instrument: 'MARI', attempt: 1, end: undefined, places: { staged: 'x', filed: [] } } as LogStanding,
    isAbsent: false,
    trouble: undefined as string | undefined,
    reads: 0,
    bytesRead: 0,
  }
  const source: LogSource = {
    standing: () => Promise.resolve(state.standing),
    read: (_standing, asked, length) => {
      state.reads += 1
      if (state.trouble !== undefined) return Promise.resolve({ kind: 'out-of-reach', detail: state.trouble })
      if (state.isAbsent) return Promise.resolve({ kind: 'absent' })
      const sizeBytes = state.bytes.length
      const from = asked < 0 ? Math.max(0, sizeBytes + asked) : asked
      const isCut = state.cut && from >= state.cut.from && from < state.cut.to
      const offset = isCut && state.cut ? state.cut.to : from
      const until = state.cut && offset < state.cut.from ? Math.min(offset + length, state.cut.from) : offset + length
      const bytes = state.bytes.subarray(offset, until)
      state.bytesRead += bytes.length
      return Promise.resolve({ kind: 'read', offset, sizeBytes, bytes })
    },
  }
  return {
    state,
    source,
    print: (text: string) => (state.bytes = Buffer.concat([state.bytes, Buffer.from(text)])),
    end: () => (state.standing = { ...state.standing, end: { state: 'Error', reason: 'It failed.' } }),
  }
}

type Event = { readonly id: string; readonly event: string; readonly data: Readonly<Record<string, unknown>> }

/** Reads a stream to its end, event by event. */
const eventsOf = async (stream: ReadableStream<Uint8Array>, each: (event: Event) => void): Promise<void> => {
  const decoder = new TextDecoder()
  let text = ''
  for await (const part of stream) {
    text += decoder.decode(part, { stream: true })
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const fields = Object.fromEntries(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      )
      text = text.slice(end + 2)
      if (fields['event']) {
        each({
          id: fields['id'] ?? '',
          event: fields['event'],
          data: JSON.parse(fields['data'] ?? '{}') as Event['data'],
        })
      }
    }
  }
}

const follow = (
  watches: ReturnType<typeof openLogWatches>,
  source: LogSource,
  beginning: Beginning = { kind: 'at', from: 0 },
  beatMs?: number,
) => {
  const joined = watches.join(1, source)
  if (!joined) throw new Error('nobody may follow')
  const events: Event[] = []
  const stream = openLogStream(joined, beginning, watches.closed, silent, beatMs)
  const ended = eventsOf(stream, (event) => events.push(event))
  const text = (): string => events.map(({ data }) => (typeof data['text'] === 'string' ? data['text'] : '')).join('')
  return { events, ended, text }
}

describe('following a log', () => {
  it('brings what is printed, as it is printed, and then how the reduction ended', async () => {
    const log = logInMemory()
    const watches = openLogWatches(silent, quick)
    const one = follow(watches, log.source)
    log.print('first\n')
    await vi.waitUntil(() => one.text() === 'first\n', 20_000)
    log.print('50 µ')
    log.print('A·h \u001b[31mred\u001b[0')
    log.print('m text\n')
    log.end()
    await one.ended
    expect(one.text()).toBe('first\n50 µA·h red text\n')
    const sizeBytes = log.state.bytes.length
    expect(one.events.at(-1)).toEqual({
      id: `1.${sizeBytes}`,
      event: 'end',
      data: { state: 'Error', reason: 'It failed.', sizeBytes },
    })
    expect(watches.watched()).toBe(0)
  })

  it('says how much of the middle is missing, and counts on', async () => {
    const log = logInMemory()
    log.print('a'.repeat(100) + 'b'.repeat(50) + 'c'.repeat(25))
    log.state.cut = { from: 100, to: 150 }
    log.end()
    const one = follow(openLogWatches(silent, quick), log.source)
    await one.ended
    expect(one.events.map(({ event, data }) => [event, data['offset'], data['next'], data['cutBytes']])).toEqual([
      ['log', 0, 100, undefined],
      ['cut', 100, 150, 50],
      ['log', 150, 175, undefined],
      ['end', undefined, undefined, undefined],
    ])
  })

  it('goes on behind any event, and begins anywhere', async () => {
    const log = logInMemory()
    log.print('one µ two µ three µ\n'.repeat(20_000))
    log.end()
    const watches = openLogWatches(silent, quick)
    const whole = follow(watches, log.source)
    await whole.ended
    const text = log.state.bytes.toString()
    expect(whole.text()).toBe(text)
    expect(whole.events.length).toBeGreaterThan(5)
    for (const event of whole.events.slice(0, -1)) {
      const [attempt, offset] = event.id.split('.').map(Number)
      const rest = follow(watches, log.source, { kind: 'behind', attempt: attempt ?? 0, offset: offset ?? 0 })
      await rest.ended
      expect(rest.text()).toBe(log.state.bytes.subarray(offset).toString())
    }
    const tail = follow(watches, log.source, { kind: 'at', from: -2 })
    await tail.ended
    expect(tail.text()).toBe('\n')
  })

  it('begins anew with another attempt', async () => {
    const log = logInMemory()
    log.print('of the first processor, which died')
    const one = follow(openLogWatches(silent, quick), log.source)
    await vi.waitUntil(() => one.text() !== '', 20_000)
    log.state.standing = { ...log.state.standing, attempt: 2 }
    log.state.bytes = Buffer.from('of the second')
    log.end()
    await one.ended
    expect(one.events.map(({ event, id }) => [event, id])).toEqual([
      ['log', '1.34'],
      ['restart', '2.0'],
      ['log', '2.13'],
      ['end', '2.13'],
    ])
  })

  it('tells of a disk that does not answer, and goes on when it does', async () => {
    const log = logInMemory()
    log.print('before ')
    const one = follow(openLogWatches(silent, quick), log.source)
    await vi.waitUntil(() => one.text() === 'before ', 20_000)
    log.state.trouble = 'The disk does not answer.'
    await vi.waitUntil(() => one.events.at(-1)?.event === 'trouble', 20_000)
    expect(one.events.at(-1)?.data).toEqual({ detail: 'The disk does not answer.' })
    log.state.trouble = undefined
    log.print('after')
    log.end()
    await one.ended
    expect(one.events.find(({ event, data }) => event === 'trouble' && data['detail'] === null)).toBeDefined()
    expect(one.text()).toBe('before after')
  })

  it('of a log that is not there yet waits, and of one that never was ends', async () => {
    const log = logInMemory()
    log.state.isAbsent = true
    const watches = openLogWatches(silent, quick)
    const one = follow(watches, log.source)
    await vi.waitUntil(() => log.state.reads > 3, 20_000)
    expect(one.events).toEqual([])
    log.state.isAbsent = false
    log.print('there')
    await vi.waitUntil(() => one.text() === 'there', 20_000)
    log.end()
    await one.ended
    log.state.isAbsent = true
    const two = follow(watches, log.source)
    await two.ended
    expect(two.events).toMatchObject([{ event: 'end', data: { sizeBytes: 0 } }])
  })

  it('costs one read a look, however many follow', async () => {
    const log = logInMemory()
    const watches = openLogWatches(silent, quick)
    const followers = Array.from({ length: 100 }, () => follow(watches, log.source))
    const line = 'a line of some length\n'
    for (let count = 0; count < 50; count += 1) {
      log.print(line)
      await vi.waitUntil(() => followers.every((one) => one.text().length === log.state.bytes.length), {
        timeout: 30_000,
      })
    }
    expect(watches.watched()).toBe(1)
    // Read once for all: each byte, and nothing but it.
    expect(log.state.bytesRead).toBe(log.state.bytes.length)
    log.end()
    await Promise.all(followers.map(({ ended }) => ended))
    const { reads } = log.state
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(log.state.reads).toBe(reads)
  })

  it('shares also the reads of those who come late', async () => {
    const log = logInMemory()
    log.print('x'.repeat(3_000_000))
    log.end()
    const watches = openLogWatches(silent, quick)
    const followers = Array.from({ length: 20 }, () => follow(watches, log.source))
    await Promise.all(followers.map(({ ended }) => ended))
    expect(followers.every((one) => one.text().length === 3_000_000)).toBe(true)
    expect(log.state.bytesRead).toBeLessThan(3_000_000 * 2)
  })

  it('holds little of a log that grows faster than it is read', async () => {
    const log = logInMemory()
    const watch = watchLog(log.source, silent, quick)
    log.print('y'.repeat(5_000_000))
    await watch.opened
    log.print('z'.repeat(5_000_000))
    const position = { attempt: 1, offset: 0, trouble: undefined }
    const heard = await watch.next(position, 5_000, new AbortController().signal)
    expect(heard.kind === 'bytes' && heard.bytes.length).toBe(64 * 1024)
    expect(log.state.bytesRead).toBeLessThan(2_000_000)
    watch.close()
  })

  it('keeps proxies from hanging up, and ends with the service', async () => {
    const log = logInMemory()
    const watches = openLogWatches(silent, quick)
    const joined = watches.join(1, log.source)
    if (!joined) throw new Error('nobody may follow')
    const reader = openLogStream(joined, { kind: 'at', from: 0 }, watches.closed, silent, 5).getReader()
    const texts: string[] = []
    for (let count = 0; count < 3; count += 1) texts.push(new TextDecoder().decode((await reader.read()).value))
    expect(texts).toEqual(['retry: 1000\n\n', ': still here\n\n', ': still here\n\n'])
    watches.close()
    await vi.waitUntil(async () => (await reader.read()).done, 20_000)
    expect(watches.join(1, log.source)).toBeUndefined()
  })

  it('reads nothing any more once its last reader has gone', async () => {
    const log = logInMemory()
    const watches = openLogWatches(silent, quick)
    const joined = watches.join(1, log.source)
    if (!joined) throw new Error('nobody may follow')
    const reader = openLogStream(joined, { kind: 'at', from: 0 }, watches.closed, silent).getReader()
    await reader.read()
    await reader.cancel()
    expect(watches.watched()).toBe(0)
    const { reads } = log.state
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(log.state.reads).toBeLessThanOrEqual(reads + 1)
  })
})
