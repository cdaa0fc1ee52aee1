import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { scriptLogName, stagingDirectory, stagingLog } from '#results/result-paths.ts'
import { growingLog } from '#results/test-support.ts'
import { insertInstruments } from '../../../tests/support/seed-archive.ts'
import { listen, startApi, type TestApi } from '../an-api.fixture.ts'

let api: TestApi
let server: Awaited<ReturnType<typeof listen>>

beforeAll(async () => {
  api = await startApi()
  server = await listen((request) => api.app.fetch(request))
  await insertInstruments(api.database, ['MARI'])
})
afterAll(async () => {
  server.close()
  await api.close()
})

let nextVersion = 0
const insertReduction = async (state: string): Promise<number> => {
  const { insertedId } = await api.database.change(
    'INSERT INTO reductions (instrument, target, version, state, class, rb_number, started_by, fence) VALUES ?',
    [[['MARI', '200', (nextVersion += 1), state, 'fresh', 1920234, 'Ada', 1]]],
  )
  return insertedId
}

type Event = { readonly id: string; readonly event: string; readonly data: Readonly<Record<string, unknown>> }

/** A browser that follows: its events so far, and how the stream was answered. */
const follow = async (id: number, query = '', headers: Record<string, string> = {}) => {
  const gone = new AbortController()
  const answer = await fetch(`${server.url}/v1/reductions/${id}/log/stream${query}`, { headers, signal: gone.signal })
  const events: Event[] = []
  const reading = async (): Promise<void> => {
    let text = ''
    for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const [, eventId, event, data] = /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? []
        if (data !== undefined)
          events.push({ id: eventId ?? '', event: event ?? '', data: JSON.parse(data) as Event['data'] })
        text = text.slice(end + 2)
      }
    }
  }
  const ended = answer.status === 200 ? reading().catch(() => undefined) : Promise.resolve()
  return {
    answer,
    events,
    ended,
    text: () => events.map(({ data }) => (typeof data['text'] === 'string' ? data['text'] : '')).join(''),
    leave: () => gone.abort(),
  }
}

describe('GET reductions/{id}/log/stream', () => {
  it('follows a script from its first line to the end of its reduction, over the move to the results', async () => {
    const id = await insertReduction('Queued')
    const early = await follow(id)
    expect(early.answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    await api.database.change(`UPDATE reductions SET state = 'Processing' WHERE id = ?`, [id])
    const attempt = { instrument: 'MARI', reductionId: id, fence: 1 }
    const staging = stagingDirectory(api.resultsRoot, attempt)
    await mkdir(staging, { recursive: true })
    const writer = await growingLog(stagingLog(api.resultsRoot, attempt), { headBytes: 1_000, tailBytes: 200 })
    await writer.write('the first line\n')
    await vi.waitUntil(() => early.text() === 'the first line\n', 20_000)

    const filler = `${'x'.repeat(99)}\n`
    let printed = 15
    for (let count = 0; count < 30; count += 1) {
      await writer.write(filler)
      printed += 100
    }
    await vi.waitUntil(() => early.events.at(-1)?.data['next'] === printed, 20_000)
    await writer.write('the last line\n')
    printed += 14
    const finished = await writer.finish(['Error: it failed.'])
    const closing = '\n[Error: it failed.]\n'
    const whole = printed + closing.length
    const log = scriptLogName({ rbNumber: 1920234, target: '200' })
    await mkdir(join(staging, 'reduction_log'))
    await rename(finished.path, join(staging, log))
    await writeFile(
      join(staging, 'provenance.json'),
      JSON.stringify({ log: { printedBytes: finished.printedBytes, cut: finished.cut } }),
    )
    await finished.discardParts()
    const results = join(api.resultsRoot, `MARI/RBNumber/RB1920234/autoreduced/200/run-version-${nextVersion}`)
    await mkdir(join(results, '..'), { recursive: true })
    await api.database.change(`UPDATE reductions SET results_path = ? WHERE id = ?`, [results, id])
    await rename(staging, results)
    await api.database.change(`UPDATE reductions SET state = 'Error', reason = 'it failed' WHERE id = ?`, [id])
    await early.ended

    expect(early.text().endsWith('the last line\n\n[Error: it failed.]\n')).toBe(true)
    const end = early.events.at(-1)
    expect(end).toMatchObject({ event: 'end', data: { state: 'Error', reason: 'it failed', sizeBytes: whole } })
    // Every byte came once: what was heard and what was cut is what was printed.
    let position = 0
    for (const { event, data } of early.events.slice(0, -1)) {
      expect(['log', 'cut']).toContain(event)
      expect(data['offset']).toBe(position)
      position = Number(data['next'])
    }
    expect(position).toBe(whole)

    // Whoever comes late counts the same bytes, and is told what is missing.
    const late = await follow(id)
    await late.ended
    expect(late.events.map(({ event }) => event)).toEqual(['log', 'cut', 'log', 'end'])
    expect(late.events[1]?.data).toMatchObject({ offset: 1_000, cutBytes: finished.cut?.cutBytes })
    expect(late.events.at(-1)?.id).toBe(end?.id)
    const tail = await follow(id, '?from=-21')
    await tail.ended
    expect(tail.text()).toBe(closing)

    // A browser connects again until it is told that there is no more.
    expect((await follow(id, '', { 'last-event-id': end?.id ?? '' })).answer.status).toBe(204)
    const again = await follow(id, '', { 'last-event-id': `1.${printed}` })
    await again.ended
    expect(again.text()).toBe(closing)

    // The same numbers by asking.
    const piece = await fetch(`${server.url}/v1/reductions/${id}/log?offset=1000`)
    expect(piece.headers.get('x-log-offset')).toBe(String(1_000 + (finished.cut?.cutBytes ?? 0)))
    expect(piece.headers.get('x-log-size')).toBe(String(whole))
    expect(piece.headers.get('x-log-attempt')).toBe('1')
  })

  it('lets nobody who asks go back while the log is out of sight', async () => {
    const id = await insertReduction('Processing')
    const answer = await fetch(`${server.url}/v1/reductions/${id}/log?offset=50`)
    expect(answer.headers.get('x-log-next')).toBe('50')
    expect(answer.headers.get('x-log-complete')).toBe('false')
  })

  it('is watched once for all who follow, and by nobody afterwards', async () => {
    const id = await insertReduction('Processing')
    const followers = await Promise.all(Array.from({ length: 5 }, () => follow(id)))
    await vi.waitUntil(() => api.logs.watched() === 1, 20_000)
    for (const one of followers) one.leave()
    await vi.waitUntil(() => api.logs.watched() === 0, 20_000)
  })

  it('says what is wrong', async () => {
    const id = await insertReduction('Processing')
    const detailOf = async (answer: Response): Promise<unknown> => ((await answer.json()) as { detail: unknown }).detail
    const bad = await follow(id, '', { 'last-event-id': 'abc' })
    expect(bad.answer.status).toBe(400)
    expect(await detailOf(bad.answer)).toBe('Last-Event-ID must be the id of an event; “abc” is none.')
    const unknown = await follow(999_999)
    expect(unknown.answer.status).toBe(404)
    expect(await detailOf(unknown.answer)).toMatch(/^There is no reduction 999999\./)
    const head = await fetch(`${server.url}/v1/reductions/${id}/log/stream`, { method: 'HEAD' })
    expect(head.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(api.logs.watched()).toBe(0)
  })
})
