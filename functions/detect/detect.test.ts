import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { lastrunPath } from '#archive/archive-paths.ts'
import { openReaders, type Readers } from '#archive/readers/open-readers.ts'
import { setCursor } from '#database/queries/cursors-set.ts'
import { announceRuns } from '#database/queries/detections-announce.ts'
import { resolveNotice } from '#database/queries/notices-resolve.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { startSubmit } from './a-submit.fixture.ts'
import { openHandOver } from './hand-over.ts'
import { detectPass, type DetectParts, type PassSummary } from './detect-pass.ts'

const internalKey = 'secret-of-the-test'
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
let schema: FreshSchema
let root: string
let readers: Readers
let submit: Awaited<ReturnType<typeof startSubmit>>
let parts: DetectParts

beforeAll(async () => {
  schema = await freshSchema()
})
afterAll(() => schema.drop())

const makeParts = (): DetectParts => ({
  database: schema.database,
  readers,
  handOver: openHandOver({
    database: schema.database,
    log,
    gatewayUrl: submit.url,
    internalKey: () => internalKey,
    stopping: new AbortController().signal,
  }),
  lookingAt: new Set(),
  instrumentsFile: undefined,
  watchesFound: true,
})

beforeEach(async () => {
  for (const table of ['instruments', 'detection_cursors', 'detections', 'notices', 'change_events']) {
    await schema.database.change(`DELETE FROM ${table}`)
  }
  root = await mkdtemp(join(tmpdir(), 'detect-'))
  readers = openReaders({ root, log })
  submit = await startSubmit(schema.database, internalKey, fileOf)
  parts = makeParts()
})
afterEach(async () => {
  readers.close()
  submit.close()
  await rm(root, { recursive: true })
})

const fileOf = (instrument: string, run: number): string => join(root, `NDX${instrument}`, `${run}.nxs`)
const put = async (path: string, content: string | Buffer): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, content)
}
const count = (instrument: string, run: number): Promise<void> =>
  put(lastrunPath(root, instrument), `${instrument} ${String(run).padStart(8, '0')} 0 `)
const measure = async (instrument: string, ...runs: readonly number[]): Promise<void> => {
  for (const run of runs) await put(fileOf(instrument, run), 'x')
}
const pass = (): Promise<PassSummary> => detectPass(parts)
const makeDue = (): Promise<unknown> =>
  schema.database.change(`UPDATE detections SET next_try_at = UTC_TIMESTAMP(6) WHERE state = 'waiting'`)

const detections = async (instrument: string): Promise<Record<number, string>> => {
  const rows = await schema.database.rows(
    z.object({ run: z.number(), state: z.string() }),
    'SELECT run_number AS run, state FROM detections WHERE instrument = ? ORDER BY run_number',
    [instrument],
  )
  return Object.fromEntries(rows.map(({ run, state }) => [run, state]))
}
const cursor = async (instrument: string): Promise<number | undefined> => {
  const rows = await schema.database.rows(
    z.object({ run: z.number() }),
    'SELECT last_run AS run FROM detection_cursors WHERE instrument = ?',
    [instrument],
  )
  return rows[0]?.run
}
const noticeSchema = z.object({
  id: z.number(),
  instrument: z.string().nullable(),
  kind: z.string(),
  message: z.string(),
  detail: z.string(),
})
const openNotices = () =>
  schema.database.rows(
    noticeSchema,
    'SELECT id, instrument, kind, message, detail FROM notices WHERE open_key IS NOT NULL ORDER BY kind, instrument',
  )
const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, at) => first + at)

describe('new runs', () => {
  it('are none at the first sight, and each is submitted once when the counter moves', async () => {
    await count('WISH', 100)
    await measure('WISH', 99, 100, 101, 102)
    expect(await pass()).toMatchObject({ instruments: 1, looked: 1, found: 0, handed: 0, problems: [] })
    expect(await cursor('WISH')).toBe(100)
    await count('WISH', 102)
    expect(await pass()).toMatchObject({ looked: 1, found: 2, handed: 2 })
    expect(await pass()).toMatchObject({ looked: 1, found: 0, handed: 0 })
    expect(submit.asked).toEqual(['WISH 101', 'WISH 102'])
    expect(await detections('WISH')).toEqual({ 101: 'submitted', 102: 'submitted' })
    expect(await cursor('WISH')).toBe(102)
  })

  it('of a gap of 40 with 3 files missing: 37 once, 3 wait and go when their files come; none twice in a hundred passes', async () => {
    await count('WISH', 1000)
    await pass()
    const missing = [1001, 1020, 1040]
    const present = range(1001, 1040).filter((run) => !missing.includes(run))
    await measure('WISH', ...present)
    await count('WISH', 1040)
    for (let number = 0; number < 100; number += 1) {
      await makeDue()
      await pass()
    }
    expect([...submit.reductions].map(([run]) => run)).toEqual(present.map((run) => `WISH ${run}`))
    expect([...submit.reductions.values()].every((times) => times === 1)).toBe(true)
    expect(submit.asked.filter((run) => run === 'WISH 1002')).toHaveLength(1)
    const states = await detections('WISH')
    expect(missing.map((run) => states[run])).toEqual(['waiting', 'waiting', 'waiting'])

    await measure('WISH', ...missing)
    await makeDue()
    await pass()
    expect(submit.reductions.size).toBe(40)
    expect(Object.values(await detections('WISH')).every((state) => state === 'submitted')).toBe(true)
  })

  it('are announced once by two passes at once, also of two replicas', async () => {
    await count('WISH', 100)
    await count('MARI', 7)
    await pass()
    await count('WISH', 140)
    await count('MARI', 8)
    const replica = makeParts()
    await Promise.all([pass(), detectPass(replica), pass(), detectPass(replica)])
    await pass()
    expect(submit.asked.filter((run) => run.startsWith('WISH')).toSorted()).toEqual(
      range(101, 140).map((run) => `WISH ${run}`),
    )
    expect(submit.asked.filter((run) => run.startsWith('MARI'))).toEqual(['MARI 8'])
    expect(await openNotices()).toEqual([])
  })

  it('are recorded together with the cursor or not at all', async () => {
    await count('WISH', 100)
    await pass()
    await measure('WISH', 101)
    await count('WISH', 101)
    await schema.database.change('RENAME TABLE detections TO detections_away')
    await expect(pass()).rejects.toThrow('detections')
    await schema.database.change('RENAME TABLE detections_away TO detections')
    expect(await cursor('WISH')).toBe(100)
    expect(await pass()).toMatchObject({ found: 1, handed: 1 })
  })

  it('are kept while submit is out of order, and go when it is back', async () => {
    await count('WISH', 100)
    await pass()
    await measure('WISH', 101)
    await count('WISH', 101)
    submit.state.answerWith = 503
    expect(await pass()).toMatchObject({ found: 1, handed: 0, problems: [{ instrument: 'WISH' }] })
    expect(await detections('WISH')).toEqual({ 101: 'due' })
    submit.state.answerWith = 200
    await schema.database.change('UPDATE detections SET next_try_at = next_try_at - INTERVAL 5 SECOND')
    expect(await pass()).toMatchObject({ found: 0, handed: 1 })
    expect(await detections('WISH')).toEqual({ 101: 'submitted' })
  })

  it('of thirty others go at once while submit takes long over one instrument', async () => {
    const others = range(1, 30).map((number) => `I${number}`)
    for (const instrument of ['SLOW', ...others]) await count(instrument, 10)
    await pass()
    for (const instrument of ['SLOW', ...others]) {
      await measure(instrument, 11)
      await count(instrument, 11)
    }
    const held = Promise.withResolvers<undefined>()
    submit.state.held.set('SLOW', held.promise)
    const slow = pass()
    await expect.poll(() => submit.asked.length, { timeout: 20_000 }).toBe(30)
    expect(await pass()).toMatchObject({ looked: 31, handed: 0 })
    held.resolve(undefined)
    await slow
    expect(submit.asked).toHaveLength(31)
  })
})

describe('a counter that cannot be read', () => {
  it.each<[string, (path: string) => unknown]>([
    ['missing', (path) => rm(path)],
    ['empty', (path) => writeFile(path, '')],
    ['of two tokens', (path) => writeFile(path, 'BAD 00000101')],
    ['negative', (path) => writeFile(path, 'BAD -101 0')],
    ['not ASCII', (path) => writeFile(path, 'BAD 00000１０１ 0')],
    ['huge', (path) => writeFile(path, Buffer.alloc(20_000_000, '1'))],
    ['a directory', (path) => rm(path).then(() => mkdir(path))],
    ['a named pipe', (path) => rm(path).then(() => execFileSync('mkfifo', [path]))],
  ])(
    'when it is %s, is reported while the others’ runs are submitted, until it is well again',
    async (_what, spoil) => {
      await count('BAD', 100)
      await count('GOOD', 5)
      await pass()
      await spoil(lastrunPath(root, 'BAD'))
      await measure('GOOD', 6)
      await count('GOOD', 6)
      expect(await pass()).toMatchObject({ instruments: 2, looked: 1, handed: 1, problems: [{ instrument: 'BAD' }] })
      expect(submit.asked).toEqual(['GOOD 6'])
      await pass()
      const [notice, ...more] = await openNotices()
      expect(notice).toMatchObject({
        instrument: 'BAD',
        kind: 'lastrun-problem',
        message: expect.stringContaining('lastrun.txt of BAD'),
      })
      expect(more).toEqual([])
      expect(await cursor('BAD')).toBe(100)

      await rm(lastrunPath(root, 'BAD'), { recursive: true, force: true })
      await count('BAD', 101)
      await pass()
      expect(await openNotices()).toEqual([])
      expect(submit.asked).toEqual(['GOOD 6', 'BAD 101'])
    },
  )

  it('when it hangs, delays neither the others nor the next pass', async () => {
    const hanging = ['H1', 'H2', 'H3', 'H4', 'H5']
    for (const instrument of ['GOOD', ...hanging]) await count(instrument, 5)
    await pass()
    readers.close()
    readers = openReaders({
      root,
      log,
      perCallTimeoutMs: 8_000,
      program: new URL('./hanging-lastrun.fixture.ts', import.meta.url),
    })
    parts = makeParts()
    for (const instrument of hanging) {
      await rm(lastrunPath(root, instrument))
      execFileSync('mkfifo', [lastrunPath(root, instrument)])
    }
    await measure('GOOD', 6, 7)
    for (const instrument of hanging) await measure(instrument, 6)
    await count('GOOD', 6)
    let isFirstOver = false
    const first = pass().finally(() => (isFirstOver = true))
    await expect.poll(() => submit.asked, { timeout: 7_000, interval: 20 }).toEqual(['GOOD 6'])
    await count('GOOD', 7)
    expect(await pass()).toMatchObject({ looked: 1, handed: 1 })
    expect(isFirstOver).toBe(false)
    expect(readers.processCount()).toBeLessThanOrEqual(8)
    expect((await first).problems).toHaveLength(5)
    expect(await openNotices()).toHaveLength(5)

    for (const instrument of hanging) {
      await rm(lastrunPath(root, instrument))
      await count(instrument, 6)
    }
    await expect.poll(async () => (await pass()).looked, { timeout: 20_000, interval: 500 }).toBe(6)
    expect(await openNotices()).toEqual([])
    expect(submit.asked.toSorted()).toEqual([...['GOOD 6', 'GOOD 7'], ...hanging.map((name) => `${name} 6`)].toSorted())
  }, 60_000)
})

describe('a counter that only a person understands', () => {
  const watchAt = async (run: number): Promise<void> => {
    await count('WISH', run)
    await pass()
  }

  it('asks when it steps back and shows the same twice, submits nothing, and ends its question when it is back', async () => {
    await watchAt(100)
    await count('WISH', 90)
    expect(await pass()).toMatchObject({ found: 0, problems: [] })
    expect(await openNotices()).toEqual([])
    expect(await pass()).toMatchObject({ found: 0, problems: [{ instrument: 'WISH' }] })
    expect(await openNotices()).toMatchObject([
      { kind: 'counter-stepped-back', instrument: 'WISH', detail: '{"cursor":100,"lastRun":90}' },
    ])
    await pass()
    expect(await openNotices()).toHaveLength(1)
    await count('WISH', 101)
    expect(await pass()).toMatchObject({ found: 1 })
    expect(await openNotices()).toEqual([])
    expect(await detections('WISH')).toHaveProperty('101')
  })

  it('forgives a single slip', async () => {
    await watchAt(100)
    for (const slip of [90, 100, 90, 100]) {
      await count('WISH', slip)
      await pass()
    }
    expect(await openNotices()).toEqual([])
    expect(await cursor('WISH')).toBe(100)
  })

  it('asks when it jumps by more than the limit, submits nothing, and goes on as the person decides', async () => {
    await watchAt(1000)
    await count('WISH', 1101)
    expect(await pass()).toMatchObject({ found: 0, problems: [{ instrument: 'WISH' }] })
    const [notice] = await openNotices()
    expect(notice).toMatchObject({ kind: 'gap-too-large', detail: '{"cursor":1000,"lastRun":1101}' })
    expect(await detections('WISH')).toEqual({})

    // As the API does when a person chooses to submit these.
    await schema.database.transaction(async (sql) => {
      await announceRuns(sql, 'WISH', { first: 1001, last: 1101 })
      await setCursor(sql, 'WISH', 1101, 'by a person')
      await resolveNotice(sql, notice?.id ?? 0, 'submitted by a person')
    })
    expect(await pass()).toMatchObject({ found: 0, handed: 101, problems: [] })
    await count('WISH', 1102)
    expect(await pass()).toMatchObject({ found: 1, handed: 1 })
    expect(await openNotices()).toEqual([])
  })

  it('does not ask again what a person dismissed, until it moves; what ended by itself is asked again', async () => {
    await watchAt(1000)
    await count('WISH', 2000)
    await pass()
    const [notice] = await openNotices()
    await schema.database.transaction((sql) => resolveNotice(sql, notice?.id ?? 0, 'dismissed'))
    await pass()
    await pass()
    expect(await openNotices()).toEqual([])
    await count('WISH', 2001)
    await pass()
    expect(await openNotices()).toMatchObject([{ detail: '{"cursor":1000,"lastRun":2001}' }])

    await count('WISH', 1000)
    await pass()
    expect(await openNotices()).toEqual([])
    await count('WISH', 2001)
    await pass()
    expect(await openNotices()).toHaveLength(1)
  })
})

describe('the instruments that are watched', () => {
  const file = (): string => join(root, 'instruments.yaml')
  const instruments = async (): Promise<Record<string, boolean>> => {
    const rows = await schema.database.rows(
      z.object({ name: z.string(), active: z.number() }),
      'SELECT name, is_active AS active FROM instruments ORDER BY name',
    )
    return Object.fromEntries(rows.map(({ name, active }) => [name, active === 1]))
  }

  it('are those found in the archive where that is wished, also ones that come later', async () => {
    await count('WISH', 1)
    await pass()
    await count('ALF', 1)
    expect(await pass()).toMatchObject({ instruments: 2 })
    expect(await instruments()).toEqual({ ALF: true, WISH: true })
    // A person's decision stays.
    await schema.database.change(`UPDATE instruments SET is_active = FALSE WHERE name = 'ALF'`)
    await pass()
    expect(await instruments()).toEqual({ ALF: false, WISH: true })
  })

  it('are otherwise offered only', async () => {
    parts = { ...parts, watchesFound: false }
    await count('WISH', 1)
    expect(await pass()).toMatchObject({ instruments: 0, looked: 0 })
    expect(await instruments()).toEqual({ WISH: false })
  })

  it('are what the file says, with its settings; others found are offered', async () => {
    parts = { ...parts, instrumentsFile: file() }
    await count('WISH', 1)
    await count('MARI', 1)
    await count('ALF', 1)
    await writeFile(
      file(),
      '- WISH\n- name: mari\n  prefixes: [MARI, MAR]\n  gapLimit: 3\n  software: {name: Mantid, version: "6.13"}\n- {name: LET, active: false}\n',
    )
    expect(await pass()).toMatchObject({ instruments: 2, looked: 2 })
    expect(await instruments()).toEqual({ ALF: false, LET: false, MARI: true, WISH: true })
    await count('MARI', 5)
    await pass()
    expect(await openNotices()).toMatchObject([{ kind: 'gap-too-large', instrument: 'MARI' }])
    const before = await schema.database.rows(
      z.object({ at: z.date() }),
      'SELECT MAX(changed_at) AS at FROM instruments',
    )
    await pass()
    expect(
      await schema.database.rows(z.object({ at: z.date() }), 'SELECT MAX(changed_at) AS at FROM instruments'),
    ).toEqual(before)

    await writeFile(file(), '- MARI\n')
    await pass()
    expect(await instruments()).toEqual({ ALF: false, LET: false, MARI: true, WISH: false })
    expect(await openNotices()).toEqual([])
  })

  it('stay as they were while the file is wrong, which is reported', async () => {
    parts = { ...parts, instrumentsFile: file() }
    await count('WISH', 1)
    await writeFile(file(), '- WISH\n')
    await pass()
    await writeFile(file(), '- WISH\n- name: MARI\n  actve: false\n')
    await measure('WISH', 2)
    await count('WISH', 2)
    expect(await pass()).toMatchObject({ instruments: 1, handed: 1 })
    const [notice] = await openNotices()
    expect(notice).toMatchObject({ kind: 'service', instrument: null })
    expect(notice?.message).toMatch(/instruments\.yaml\) is wrong: MARI: .*actve/)
    await rm(file())
    await pass()
    expect((await openNotices())[0]?.message).toContain('cannot be read')
    await writeFile(file(), '- WISH\n- MARI\n')
    await count('MARI', 1)
    expect(await pass()).toMatchObject({ instruments: 2, problems: [] })
    expect(await openNotices()).toEqual([])
  })

  it('are still watched while the archive’s root cannot be listed, which is reported', async () => {
    await count('WISH', 1)
    await pass()
    const gone = openReaders({ root: join(root, 'nowhere'), log })
    await detectPass({ ...parts, readers: gone })
    gone.close()
    expect((await openNotices()).map(({ kind }) => kind)).toEqual(['lastrun-problem', 'service'])
    await pass()
    expect(await openNotices()).toEqual([])
  })
})
