import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Reproduces } from '#contracts/reproduces.ts'
import { everyone } from '#contracts/viewer.ts'
import type { Database } from '#database/connection.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { recordBatch } from '#database/queries/record-batch.ts'
import { lockInstrument, recordReductions, type ReductionToRecord } from '#database/queries/record-reductions.ts'
import { beginPublishing } from '#database/queries/lease-held.ts'
import { cancelReductions } from '#database/queries/reductions-cancel.ts'
import { usualModes } from '#results/file-modes.ts'
import { placeFile } from '#results/place-flat.ts'
import { publish } from '#results/publish.ts'
import { resultsDirectory } from '#results/result-paths.ts'
import { sealedStaging } from '#results/test-support.ts'
import { finishInterrupted } from './finish-interrupted.ts'
import { usualRhythm } from './processor.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { scriptFiles } from './test-support.ts'
import { queueReduction, readProvenance, reductionRow, testProcessor } from './test-processor.ts'

let schema: FreshSchema
let database: Database

beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
})
afterAll(() => schema.drop())
beforeEach(async () => {
  for (const table of ['instruments', 'runs', 'reductions', 'reduction_runs', 'outputs', 'processors']) {
    await database.change(`DELETE FROM ${table}`)
  }
  await database.change(
    `INSERT INTO instruments (name, is_active, is_flat, created_at, changed_at)
     VALUES ('WISH', 1, 0, NOW(6), NOW(6)), ('FLAT', 1, 1, NOW(6), NOW(6))`,
  )
})

const main = (body: string): string =>
  `import os, time\ndef main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`

const described = (filePath: string) => ({
  title: 'a run',
  rbNumber: 1_920_234,
  rbText: '1920234',
  startedAt: null,
  endedAt: null,
  durationSeconds: null,
  goodFrames: null,
  rawFrames: null,
  protonCharge: null,
  userNames: null,
  definition: null,
  filePath,
  fileSizeBytes: 1,
  fileModifiedAt: new Date(0),
})

const toRecord = (instrument: string, script: string, reproduces: Reproduces | null = null): ReductionToRecord => ({
  instrument,
  class: 'rerun',
  startedBy: 'Ada',
  description: null,
  software: null,
  script: { files: scriptFiles({ 'reduce.py': script }) },
  given: [],
  reproduces,
})

describe('a cancelled reduction', () => {
  // What the service itself does.
  const { heartBeatMs, cancelLookMs } = usualRhythm
  const isThere = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }
  const stubborn = main(`import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
child = subprocess.Popen(['sleep', '600'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        with open(output_dir + 'grandchild', 'w') as file: file.write(str(os.getpid()))
        while True: time.sleep(60)
    os._exit(0)
while not os.path.exists(output_dir + 'grandchild') or not open(output_dir + 'grandchild').read(): time.sleep(0.01)
with open(output_dir + 'coming', 'w') as file: print(os.getpid(), child.pid, open(output_dir + 'grandchild').read(), file=file)
os.rename(output_dir + 'coming', output_dir + 'pids')
while True: time.sleep(1)`)

  test('has ended with all that it started, however it resists, within five seconds of the request', async () => {
    const one = await testProcessor(database, { heartBeatMs, cancelLookMs })
    const { id } = await queueReduction(database, { 'reduce.py': stubborn })
    const running = one.ring()
    const staging = join(one.results, 'WISH', '.staging', `${id}-1`)
    await expect.poll(() => readdir(staging).catch(() => [])).toContain('pids')
    const pids = (await readFile(join(staging, 'pids'), 'utf8')).trim().split(' ').map(Number)
    expect(pids).toHaveLength(3)
    expect(pids.filter(isThere)).toEqual(pids)
    const askedAt = performance.now()
    const done = await database.transaction((sql) => cancelReductions(sql, everyone, { reductionIds: [id] }))
    expect(done.cancelling).toEqual([id])
    // The processes go first; publishing what they left, and telling of it, takes as long as the disk takes.
    await expect.poll(() => pids.filter(isThere), { interval: 10 }).toEqual([])
    expect(performance.now() - askedAt).toBeLessThan(5_000)
    expect((await running).claimed).toMatchObject({ reductionId: id, state: 'Cancelled' })
    const row = await reductionRow(database, id)
    expect(row).toMatchObject({ state: 'Cancelled', reason: expect.stringContaining('What it had written') })
    expect((await readdir(row.resultsPath ?? '')).toSorted()).toContain('pids')
    expect(await readdir(join(one.results, 'WISH', '.staging'))).toEqual([])

    // The slot is as it was.
    const next = await queueReduction(database, { 'reduce.py': main('pass') })
    expect((await one.ring()).claimed).toMatchObject({ reductionId: next.id, state: 'Completed' })
  })
})

describe('a batch', () => {
  const summing = main(`print(type(input_file).__name__, [os.path.basename(path) for path in input_file])
with open(output_dir + 'sum.txt', 'w') as out: out.write(str(sum(int(open(path).read()) for path in input_file)))`)

  const queueBatch = async (instrument: string, files: Readonly<Record<number, string>>, versionsOnDisk = -1) =>
    database.transaction(async (sql) => {
      await lockInstrument(sql, instrument)
      const numbers = Object.keys(files).map(Number)
      return recordBatch(sql, toRecord(instrument, summing), {
        target: `batch-${Math.min(...numbers)}-${Math.max(...numbers)}`,
        rbNumber: 1_920_234,
        versionsOnDisk,
        start: { state: 'Queued' },
        runs: Object.entries(files).map(([run, path]) => ({ runNumber: Number(run), metadata: described(path) })),
      })
    })

  test('gives main the list of its files and has a directory of its own, version by version', async () => {
    const one = await testProcessor(database)
    const paths: Record<number, string> = {}
    for (const run of [12, 10, 11]) {
      paths[run] = join(one.directory, `WISH${run}.nxs`)
      await writeFile(paths[run], String(run))
    }
    const all = await queueBatch('WISH', paths)
    expect((await one.ring()).claimed).toMatchObject({ target: 'batch-10-12', version: 0, state: 'Completed' })
    const folder = join(one.results, 'WISH/RBNumber/RB1920234/autoreduced/batch-10-12')
    const row = await reductionRow(database, all.reductionId)
    expect(row.resultsPath).toBe(join(folder, 'run-version-0'))
    expect(await readFile(join(folder, 'run-version-0', 'sum.txt'), 'utf8')).toBe('33')
    const log = join(folder, 'run-version-0', 'reduction_log', 'RB_1920234_Run_batch-10-12_Script.out')
    expect(await readFile(log, 'utf8')).toBe("list ['WISH10.nxs', 'WISH11.nxs', 'WISH12.nxs']\n")
    expect((await readProvenance(join(folder, 'run-version-0'))).reduction).toMatchObject({ runNumbers: [10, 11, 12] })

    // Another batch that begins and ends alike.
    const two = { 10: paths[10] ?? '', 12: paths[12] ?? '' }
    await queueBatch('WISH', two)
    expect((await one.ring()).claimed).toMatchObject({ target: 'batch-10-12', version: 1, state: 'Completed' })
    expect(await readFile(join(folder, 'run-version-1', 'sum.txt'), 'utf8')).toBe('22')
    expect(await readFile(join(folder, 'run-version-0', 'sum.txt'), 'utf8')).toBe('33')
  })

  test('of a flat instrument never replaces the files of a batch of other runs', async () => {
    const one = await testProcessor(database)
    const paths: Record<number, string> = {}
    for (const run of [10, 11, 12]) {
      paths[run] = join(one.directory, `FLAT${run}.nxs`)
      await writeFile(paths[run], String(run))
    }
    const flat = join(one.results, 'FLAT/RBNumber/RB1920234/autoreduced')
    await queueBatch('FLAT', paths)
    await one.ring()
    expect(await readFile(join(flat, 'sum.txt'), 'utf8')).toBe('33')
    const two = { 10: paths[10] ?? '', 12: paths[12] ?? '' }
    const other = await queueBatch('FLAT', two)
    await one.ring()
    expect(await readFile(join(flat, 'sum.txt'), 'utf8')).toBe('33')
    expect(await readFile(join(flat, '.versions/batch-10-12/run-version-1/sum.txt'), 'utf8')).toBe('22')
    const row = await reductionRow(database, other.reductionId)
    const log = join(row.resultsPath ?? '', 'reduction_log', 'RB_1920234_Run_batch-10-12_Script.out')
    expect(await readFile(log, 'utf8')).toContain('sum.txt was not placed: a file of another run has this name.')
    // The same runs again replace their own.
    await writeFile(paths[10] ?? '', '20')
    await queueBatch('FLAT', paths)
    await one.ring()
    expect(await readFile(join(flat, 'sum.txt'), 'utf8')).toBe('43')
  })
})

test('flat outputs of runs whose numbers begin alike keep apart, and a re-run replaces its own only', async () => {
  const one = await testProcessor(database)
  const flat = join(one.results, 'FLAT/RBNumber/RB1920234/autoreduced')
  const script = (word: string): string =>
    main(`stem = os.path.basename(input_file)[:-4]
for ending in ('.png', '_more.txt'): open(output_dir + stem + ending, 'w').write('${word} of ' + stem)
open(output_dir + 'shared.txt', 'w').write('${word} of ' + stem)`)
  const reduce = async (runNumber: number, word: string) => {
    const { id } = await queueReduction(
      database,
      { 'reduce.py': script(word) },
      { instrument: 'FLAT', runNumber, filePath: `/archive/MARI${runNumber}.nxs` },
    )
    expect((await one.ring()).claimed).toMatchObject({ reductionId: id, state: 'Completed' })
    return id
  }
  await reduce(123, 'first')
  await reduce(1234, 'first')
  await reduce(123, 'second')
  const read = (name: string): Promise<string> => readFile(join(flat, name), 'utf8')
  expect(await read('MARI123.png')).toBe('second of MARI123')
  expect(await read('MARI123_more.txt')).toBe('second of MARI123')
  expect(await read('MARI1234.png')).toBe('first of MARI1234')
  // Whoever came first keeps a name that two runs want.
  expect(await read('shared.txt')).toBe('second of MARI123')
  expect((await readdir(join(flat, '.versions'))).toSorted()).toEqual(['123', '1234'])
  expect((await readdir(join(flat, '.versions', '123'))).toSorted()).toEqual(['run-version-0', 'run-version-1'])
})

test('what a failed re-run has written does not replace the flat outputs of the version before', async () => {
  const one = await testProcessor(database)
  const flat = join(one.results, 'FLAT/RBNumber/RB1920234/autoreduced')
  const reduce = async (script: string): Promise<unknown> => {
    await queueReduction(database, { 'reduce.py': main(script) }, { instrument: 'FLAT', runNumber: 123 })
    return (await one.ring()).claimed?.['state']
  }
  expect(await reduce(`open(output_dir + 'a.nxs', 'w').write('whole')`)).toBe('Completed')
  expect(await reduce(`open(output_dir + 'a.nxs', 'w').write('ha')\nraise ValueError('half way')`)).toBe('Error')
  expect(await readFile(join(flat, 'a.nxs'), 'utf8')).toBe('whole')
  expect(await readFile(join(flat, '.versions/123/run-version-1/a.nxs'), 'utf8')).toBe('ha')
})

test('flat outputs are all placed where their processor died between publishing and placing them', async () => {
  const one = await testProcessor(database)
  const { run } = await queueReduction(database, { 'reduce.py': '' }, { instrument: 'FLAT' })
  const claim = await claimNext(database, {
    processor: 'the-dead',
    environments: one.processor.environments(),
    hasDefaultEnvironment: true,
  })
  if (!claim) throw new Error('nothing was claimed')
  const { staging } = await sealedStaging(one.results, claim, { 'a.nxs': 'a', 'deep/b.nxs': 'b' })
  const place = { ...claim, rbNumber: 1_920_234 }
  const target = resultsDirectory(one.results, place)
  const outcome = { state: 'Completed', reason: null, scriptSeconds: 3, resultsPath: target } as const
  await beginPublishing(database, claim, outcome, [])
  await publish({ staging: staging.directory, target, reductionId: claim.reductionId, fence: claim.fence }, usualModes)
  // One of two had been placed.
  const flat = join(one.results, 'FLAT/RBNumber/RB1920234/autoreduced')
  await placeFile(join(target, 'a.nxs'), join(flat, 'a.nxs'), usualModes)
  await database.change('UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND')
  expect(await finishInterrupted(one.processor)).toBe(1)
  expect(await readFile(join(flat, 'a.nxs'), 'utf8')).toBe('a')
  expect(await readFile(join(flat, 'deep/b.nxs'), 'utf8')).toBe('b')
  expect((await readdir(flat)).toSorted()).toEqual(['.versions', 'a.nxs', 'deep'])
  expect(await reductionRow(database, claim.reductionId)).toMatchObject({ state: 'Completed', resultsPath: target })
  expect(target).toContain(`/.versions/${run}/run-version-0`)
})

describe('a reproduction', () => {
  const script = main(`open(output_dir + 'out.txt', 'w').write(open(input_file).read())`)

  const reproduce = async (raw: string, reproduces: Reproduces): Promise<number> => {
    const [recorded] = await database.transaction(async (sql) => {
      await lockInstrument(sql, 'WISH')
      return recordReductions(sql, toRecord('WISH', script, reproduces), [
        {
          runNumber: 77,
          metadata: described(raw),
          rbNumber: 1_920_234,
          versionsOnDisk: undefined,
          start: { state: 'Queued' },
        },
      ])
    })
    return recorded?.reductionId ?? 0
  }

  test('names in its record what it repeats and how it compared; where the raw file has changed meanwhile no script runs', async () => {
    const one = await testProcessor(database)
    const raw = join(one.directory, 'WISH77.nxs')
    await writeFile(raw, 'raw data')
    const first = await queueReduction(database, { 'reduce.py': script }, { filePath: raw, runNumber: 77 })
    await one.ring()
    const earlier = await reductionRow(database, first.id)
    const record = await readProvenance(earlier.resultsPath ?? '')
    const reproduces: Reproduces = {
      reductionId: first.id,
      version: 0,
      resultsPath: earlier.resultsPath,
      inputs: record.inputs,
      notHeld: [{ what: 'host', then: 'elsewhere', now: null }],
    }
    const second = await reproduce(raw, reproduces)
    expect((await one.ring()).claimed).toMatchObject({ reductionId: second, state: 'Completed', version: 1 })
    const row = await reductionRow(database, second)
    expect((await readProvenance(row.resultsPath ?? '')).reproduces).toEqual({
      reductionId: first.id,
      version: 0,
      notHeld: reproduces.notHeld,
      differences: [],
    })

    // What differed is told: here the time limit of the instrument.
    await database.change(`UPDATE instruments SET time_limit_seconds = 99 WHERE name = 'WISH'`)
    const third = await reproduce(raw, reproduces)
    await one.ring()
    const thirdRow = await reductionRow(database, third)
    expect((await readProvenance(thirdRow.resultsPath ?? '')).reproduces?.differences).toEqual([
      { what: 'time limit', then: '3600 s', now: '99 s' },
    ])

    const { mtime } = await stat(raw)
    await utimes(raw, mtime, new Date(mtime.getTime() + 1_000))
    const fourth = await reproduce(raw, reproduces)
    expect((await one.ring()).claimed).toMatchObject({ reductionId: fourth, state: 'Error' })
    expect(await reductionRow(database, fourth)).toMatchObject({
      reason: expect.stringMatching(
        /^The raw file of run 77 has changed since: then 8 bytes of .* So version 0 could not be repeated exactly, and no script was run. Re-run it instead.$/,
      ),
      resultsPath: null,
    })
  })
})
