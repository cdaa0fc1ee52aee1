import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { changeEventSchema, helloEventSchema } from '#contracts/change-events.ts'
import { everyone } from '#contracts/viewer.ts'
import type { Sql } from '#database/connection.ts'
import { isEventIdHeld } from '#database/queries/change-events.ts'
import { openChangeFeed, usualFeedSettings, type ChangeTable } from './change-feed.ts'
import { openEventStream } from './event-stream.ts'
import { listen, startApi, type TestApi } from './an-api.fixture.ts'

/** Other work on the machine may take its time. */
const eventually = (expectation: () => void): Promise<void> =>
  vi.waitFor(expectation, { timeout: 15_000, interval: 20 })

let api: TestApi
let server: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  api = await startApi()
  server = await listen((request) => api.app.fetch(request))
})
afterAll(async () => {
  server.close()
  await api.close()
})
beforeEach(async () => {
  api.state.viewer = everyone
  await api.database.change('DELETE FROM change_events')
})
const following: (() => void)[] = []
afterEach(async () => {
  for (const close of following.splice(0)) close()
  await eventually(() => expect(api.feed.listeners()).toBe(0))
})

const insert = async (
  sql: Sql,
  state: string,
  instrument = 'MARI',
  reductionId: number | null = null,
): Promise<number> => {
  const { insertedId } = await sql.change(
    `INSERT INTO change_events (kind, at, instrument, run_number, reduction_id, state) VALUES ('reduction', UTC_TIMESTAMP(6), ?, 7, ?, ?)`,
    [instrument, reductionId, state],
  )
  return insertedId
}

type Frame = { readonly event: string; readonly id: number; readonly data: unknown }

/** Listens until the test ends; `frames` grows. */
const follow = async (query = '', headers: Record<string, string> = {}) => {
  const ending = new AbortController()
  following.push(() => ending.abort())
  const answer = await fetch(`${server.url}/v1/events${query}`, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: ending.signal,
  })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const frames: Frame[] = []
  const state = { ended: false, text: '' }
  const read = async () => {
    let rest = ''
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      state.text += part
      const blocks = (rest + part).split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const fields = new Map(
          block.split('\n').map((line) => [line.split(': ')[0] ?? '', line.slice(line.indexOf(': ') + 2)]),
        )
        if (!fields.has('event')) continue
        frames.push({
          event: fields.get('event') ?? '',
          id: Number(fields.get('id')),
          data: JSON.parse(fields.get('data') ?? '') as unknown,
        })
      }
    }
    state.ended = true
  }
  void read().catch(() => undefined)
  await eventually(() => expect(frames.length).toBeGreaterThan(0))
  const states = () => frames.slice(1).map(({ data }) => changeEventSchema.parse(data).state)
  return { frames, state, states, close: () => ending.abort() }
}

describe('GET events', () => {
  it('greets with where it stands, then tells each change as the contract says', async () => {
    const before = await insert(api.database, 'Queued')
    await api.database.change('UPDATE change_events SET at = at - INTERVAL 1 MINUTE')
    const { frames } = await follow()
    expect(frames).toEqual([{ event: 'hello', id: before, data: { newest: before, missed: false } }])
    const id = await insert(api.database, 'Processing', 'MARI', 12)
    await eventually(() => expect(frames).toHaveLength(2))
    expect(frames[1]).toMatchObject({ event: 'reduction', id })
    expect(changeEventSchema.strict().parse(frames[1]?.data)).toMatchObject({
      id,
      kind: 'reduction',
      instrument: 'MARI',
      runNumber: 7,
      reductionId: 12,
      state: 'Processing',
      reason: null,
    })
  })

  it('goes on behind what was seen last, by header or parameter', async () => {
    const first = await insert(api.database, 'first')
    await insert(api.database, 'second')
    await insert(api.database, 'third')
    for (const one of [await follow('', { 'last-event-id': String(first) }), await follow(`?after=${first}`)]) {
      await eventually(() => expect(one.states()).toEqual(['second', 'third']))
    }
  })

  it('says that changes were missed where the reader has been away too long, or the database is another', async () => {
    const first = await insert(api.database, 'first')
    await api.database.change('UPDATE change_events SET at = at - INTERVAL 1 MINUTE')
    await api.database.change(
      `INSERT INTO change_events (id, kind, at, state) VALUES (?, 'notice', '2026-01-01', 'far')`,
      [first + 20_000],
    )
    const away = await follow(`?after=${first}`)
    expect(helloEventSchema.parse(away.frames[0]?.data)).toEqual({ newest: first + 20_000, missed: true })
    const other = await follow(`?after=${first + 30_000}`)
    expect(helloEventSchema.parse(other.frames[0]?.data)).toEqual({ newest: first + 20_000, missed: true })
  })

  it('waits for a change that was written before and is committed later', async () => {
    const { states } = await follow()
    const order: string[] = []
    await api.database.transaction(async (slow) => {
      await insert(slow, 'slow')
      await insert(api.database, 'quick')
      order.push('committed quick')
      const before = api.state.gapsAskedAbout
      await eventually(() => expect(api.state.gapsAskedAbout).toBeGreaterThan(before + 2))
      expect(states()).toEqual([])
    })
    expect(order).toEqual(['committed quick'])
    await eventually(() => expect(states()).toEqual(['slow', 'quick']))
  })

  it('does not wait for an id that nobody will use', async () => {
    const { states } = await follow()
    await api.database
      .transaction(async (sql) => {
        await insert(sql, 'undone')
        throw new Error('undo')
      })
      .catch(() => undefined)
    await insert(api.database, 'after')
    await eventually(() => expect(states()).toEqual(['after']))
  })

  it('misses nothing that was being written when the first reader came', async () => {
    let frames: { readonly states: () => readonly string[] } | undefined
    await api.database.transaction(async (slow) => {
      await insert(slow, 'slow')
      await insert(api.database, 'quick')
      frames = await follow()
    })
    await eventually(() => expect(frames?.states()).toEqual(['slow', 'quick']))
  })

  it('tells each viewer what is theirs', async () => {
    const { insertedId } = await api.database.change(
      `INSERT INTO reductions (instrument, target, version, state, class, rb_number, started_by) VALUES ('MARI', '7', 0, 'Queued', 'fresh', 1920234, 'Ada')`,
    )
    const all = await follow()
    api.state.viewer = { role: 'instrument-scientist', name: 'Ada', instruments: ['WISH'] }
    const scientist = await follow()
    api.state.viewer = { role: 'user', name: 'Bob', rbNumbers: [1920234] }
    const user = await follow()
    await insert(api.database, 'theirs', 'MARI', insertedId)
    await insert(api.database, 'of WISH', 'WISH')
    await eventually(() => expect(all.states()).toEqual(['theirs', 'of WISH']))
    await eventually(() => expect(scientist.states()).toEqual(['of WISH']))
    await eventually(() => expect(user.states()).toEqual(['theirs']))
  })

  it('gives many changes at once, in order and once each', async () => {
    const { frames } = await follow()
    const rows = Array.from({ length: 1_800 }, (_, place) => ['notice', new Date(), `n${place}`])
    await api.database.change('INSERT INTO change_events (kind, at, state) VALUES ?', [rows])
    await eventually(() => expect(frames).toHaveLength(1_801))
    expect(frames.slice(1).map(({ data }) => changeEventSchema.parse(data).state)).toEqual(
      rows.map(([, , state]) => state),
    )
  })

  it('lets go of readers who leave', async () => {
    const one = await follow()
    expect(api.feed.listeners()).toBe(1)
    one.close()
    await eventually(() => expect(api.feed.listeners()).toBe(0))
  })

  it.each([
    [{ 'last-event-id': 'abc' }, '', 'Last-Event-ID must be the id of an event; “abc” is none.'],
    [{}, '?after=x', '“after” must be a whole number; “x” is none.'],
    [{}, '?instrument=MARI', 'There is no parameter “instrument” here. There is: after.'],
  ])('says what is wrong with %o %s', async (headers, query, detail) => {
    expect(await api.get(`events${query}`, headers as Record<string, string>)).toMatchObject({
      status: 400,
      json: { detail },
    })
  })

  it('knows which ids are being written', async () => {
    const free = await insert(api.database, 'committed')
    await api.database.transaction(async (sql) => {
      const held = await insert(sql, 'open')
      expect(await isEventIdHeld(api.database, held, held)).toBe(true)
      expect(await isEventIdHeld(api.database, held + 1, held + 10)).toBe(false)
      expect(await isEventIdHeld(api.database, free, free)).toBe(false)
    })
  })
})

describe('a stream of changes', () => {
  const log = { info: () => undefined, warn: vi.fn(), error: () => undefined }
  const quiet: ChangeTable = {
    start: () => Promise.resolve({ settled: 5, newest: 5 }),
    idsAfter: () => Promise.resolve([]),
    isIdHeld: () => Promise.resolve(false),
    eventsBetween: (_viewer, _after, upTo) => Promise.resolve({ events: [], position: upTo }),
  }
  const open = async (table: ChangeTable, beatMs = 20) => {
    const feed = openChangeFeed(table, log, { ...usualFeedSettings, pollMs: 5 })
    const stream = await openEventStream(feed, everyone, undefined, log, beatMs)
    const reader = stream.getReader()
    const next = async () => {
      const { value } = await reader.read()
      return value && new TextDecoder().decode(value)
    }
    return { feed, next, reader }
  }

  it('keeps the line open with a comment while nothing happens', async () => {
    const { next, reader, feed } = await open(quiet)
    expect(await next()).toMatch(/^retry: 2000\nid: 5\nevent: hello\n/)
    expect(await next()).toBe(': still here\n\n')
    expect(await next()).toBe(': still here\n\n')
    await reader.cancel()
    expect(feed.listeners()).toBe(0)
  })

  it('ends with a word when the service stops', async () => {
    const { next, feed } = await open(quiet, 60_000)
    await next()
    const last = next()
    feed.close()
    expect(await last).toBe(': the service restarts; connect again\n\n')
    expect(await next()).toBeUndefined()
    expect(feed.listeners()).toBe(0)
  })

  it('is looked for once, however many listen, and not at all when nobody does', async () => {
    const idsAfter = vi.fn(() => Promise.resolve([]))
    const feed = openChangeFeed({ ...quiet, idsAfter }, log, { ...usualFeedSettings, pollMs: 5 })
    const streams = await Promise.all(Array.from({ length: 20 }, () => openEventStream(feed, everyone, undefined, log)))
    await eventually(() => expect(idsAfter.mock.calls.length).toBeGreaterThan(3))
    const inFlight = idsAfter.mock.calls.length
    for (const stream of streams) await stream.cancel()
    const after = idsAfter.mock.calls.length
    expect(after - inFlight).toBeLessThan(10)
    const again = await openEventStream(feed, everyone, undefined, log)
    await eventually(() => expect(idsAfter.mock.calls.length).toBeGreaterThan(after))
    await again.cancel()
  })

  it('is read once for all readers who may see the same', async () => {
    let ids: number[] = []
    const eventsBetween = vi.fn((_viewer: unknown, _after: number, upTo: number) =>
      Promise.resolve({
        events: [
          {
            id: upTo,
            kind: 'notice' as const,
            at: '',
            instrument: null,
            runNumber: null,
            reductionId: null,
            state: 'new',
            reason: null,
          },
        ],
        position: upTo,
      }),
    )
    const table = {
      ...quiet,
      idsAfter: (after: number) => Promise.resolve(ids.filter((id) => id > after)),
      eventsBetween,
    }
    const feed = openChangeFeed(table, log, { ...usualFeedSettings, pollMs: 5 })
    const readers = await Promise.all(
      Array.from({ length: 10 }, async () => (await openEventStream(feed, everyone, undefined, log)).getReader()),
    )
    await Promise.all(readers.map((reader) => reader.read()))
    const next = Promise.all(readers.map((reader) => reader.read()))
    ids = [6]
    await next
    expect(eventsBetween).toHaveBeenCalledTimes(1)
    await Promise.all(readers.map((reader) => reader.cancel()))
  })

  it('goes on when the database has been out of reach', async () => {
    let isDown = true
    const table = {
      ...quiet,
      idsAfter: (after: number) => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(after < 6 ? [6] : [])),
      eventsBetween: (_viewer: unknown, _after: number, upTo: number) =>
        Promise.resolve({
          events: [
            {
              id: 6,
              kind: 'notice' as const,
              at: '',
              instrument: null,
              runNumber: null,
              reductionId: null,
              state: 'new',
              reason: null,
            },
          ],
          position: upTo,
        }),
    }
    log.warn.mockClear()
    const { next, reader } = await open(table, 60_000)
    await next()
    await eventually(() => expect(log.warn).toHaveBeenCalledTimes(1))
    isDown = false
    expect(await next()).toMatch(/^id: 6\nevent: notice\n/)
    await reader.cancel()
  })
})
