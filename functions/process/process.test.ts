import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { Database } from '#database/connection.ts'
import { DatabaseFault } from '#database/faults.ts'
import { openDisk, usualSilenceMs, type Disk } from '#results/disk/open-disk.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { temporaryDirectory } from './test-support.ts'
import {
  outputPaths,
  queueReduction,
  readProvenance,
  readScriptLog,
  reductionRow,
  testProcessor,
  type TestProcessor,
} from './test-processor.ts'

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
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6)), ('MARI', 1, NOW(6), NOW(6))`,
  )
})

const main = (body: string): string =>
  `import os, time\ndef main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`

/** Nothing of any reduction is left where it should not be. */
const expectTidy = async ({ directory, processor, results }: TestProcessor): Promise<void> => {
  expect(await readdir(join(results, 'WISH', '.staging')).catch(() => [])).toEqual([])
  // Whose scratch it is stays while the processor lives: its successor on this host reads it.
  expect(await readdir(join(directory, 'scratch', processor.id))).toEqual(['owner.json'])
}

const resultsOf = async (id: number): Promise<string> => (await reductionRow(database, id)).resultsPath ?? 'none'

describe('a bell', () => {
  test('finds nothing to do, and rings for nothing', async () => {
    const one = await testProcessor(database)
    expect(await one.ring()).toEqual({ status: 200, claimed: null })
    expect(one.asked()).toBe(0)
  })

  test('is answered with 429 while every slot is taken, and is then welcome again', async () => {
    const one = await testProcessor(database, { settings: { slots: '1' } })
    const gate = join(one.directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': main(`while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)`),
    })
    const first = one.ring()
    await expect.poll(one.slots.taken).toBe(1)
    expect((await one.ring()).status).toBe(429)
    await writeFile(gate, '')
    expect((await first).claimed).toMatchObject({ reductionId: id, state: 'Completed' })
    expect(await one.ring()).toEqual({ status: 200, claimed: null })
  })

  test('goes on with what is next in line, and asks for more once', async () => {
    const one = await testProcessor(database, { settings: { go_on_seconds: '60' } })
    const queued = []
    for (const instrument of ['WISH', 'MARI', 'WISH']) {
      queued.push(await queueReduction(database, { 'reduce.py': main('print(1)') }, { instrument }))
    }
    const { body } = await one.post('/', {})
    expect(body).toMatchObject({ claimed: { state: 'Completed' }, further: 2 })
    for (const { id } of queued) expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
    expect(one.asked()).toBe(1)
  })

  test('goes on after an Error, and not where this processor is to stop', async () => {
    const one = await testProcessor(database, { settings: { go_on_seconds: '60', slots: '1' } })
    const gate = join(one.directory, 'gate')
    const failing = await queueReduction(database, { 'reduce.py': main('raise ValueError(1)') })
    const last = await queueReduction(database, {
      'reduce.py': main(`while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)`),
    })
    const left = await queueReduction(database, { 'reduce.py': main('print(1)') })
    const ringing = one.post('/', {})
    await expect.poll(async () => (await reductionRow(database, last.id)).state, { timeout: 20_000 }).toBe('Processing')
    one.slots.close()
    await writeFile(gate, '')
    expect((await ringing).body).toMatchObject({ claimed: { reductionId: failing.id, state: 'Error' }, further: 1 })
    expect(await reductionRow(database, last.id)).toMatchObject({ state: 'Completed' })
    expect(await reductionRow(database, left.id)).toMatchObject({ state: 'Queued' })
  })

  test('does not go on with what came back into the line', async () => {
    const one = await testProcessor(database, { settings: { go_on_seconds: '60', slots: '1' } })
    const gate = join(one.directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': main(`open(${JSON.stringify(gate)}, 'w')\ntime.sleep(60)`),
    })
    const ringing = one.post('/', {})
    await expect.poll(() => existsSync(gate), { timeout: 20_000 }).toBe(true)
    await database.change(`UPDATE reductions SET lease_owner = 'another', fence = fence + 1 WHERE id = ?`, [id])
    await queueReduction(database, { 'reduce.py': main('print(1)') })
    expect((await ringing).body).toMatchObject({ claimed: { reductionId: id, state: 'lost' }, further: 0 })
    expect(one.asked()).toBe(1)
  })

  test('asks for more also where what it ran ended in a fault', async () => {
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const disk = openDisk({ log, places: 4, silenceMs: usualSilenceMs })
    onTestFinished(disk.close)
    const ask: Disk['ask'] = (name, ...rest) =>
      name === 'publish' ? Promise.reject(new Error('a mistake of ours')) : disk.ask(name, ...rest)
    const one = await testProcessor(database, { disk: { ...disk, ask } })
    await queueReduction(database, { 'reduce.py': main('print(1)') })
    await expect(one.post('/', {})).rejects.toThrow()
    expect(one.asked()).toBe(1)
    expect(one.slots.taken()).toBe(0)
  })

  test('leaves a reduction whose software this machine lacks', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(
      database,
      { 'reduce.py': main('pass') },
      { software: { name: 'Mantid', version: '6.13' } },
    )
    expect((await one.ring()).claimed).toBeNull()
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued' })
  })
})

test('a reduction is Completed: results, plots, log, record and variables are where they belong', async () => {
  const one = await testProcessor(database)
  const raw = join(one.directory, 'WISH1.nxs')
  await writeFile(raw, 'raw data')
  const { id, run } = await queueReduction(
    database,
    {
      'reduce_vars.py': "standard_vars = {'scale': 1.5, 'flag': True}",
      'reduce.py': `import neighbour\n${main(`print('reducing', open(input_file).read(), web_var.standard_vars)
for name in ('WISH1.nxs', 'a.png'): open(output_dir + name, 'w').write('x')
open(output_dir + 'figure.json', 'w').write('{"data": [], "layout": {}}')`)}`,
      'neighbour.py': '__version__ = "7.1"',
    },
    { filePath: raw, given: [{ name: 'scale', plain: 2 }] },
  )
  expect(await one.ring()).toMatchObject({
    status: 200,
    claimed: { reductionId: id, instrument: 'WISH', target: String(run), version: 0, state: 'Completed', reason: null },
  })

  const row = await reductionRow(database, id)
  const results = join(one.results, `WISH/RBNumber/RB1920234/autoreduced/${run}/run-version-0`)
  expect(row).toMatchObject({ state: 'Completed', reason: null, step: null, resultsPath: results })
  expect(row.scriptSeconds).toBeGreaterThan(0)
  expect(JSON.parse(row.arguments ?? '')).toEqual([
    { group: 'standard', name: 'scale', value: { type: 'float', value: '2.0' } },
    { group: 'standard', name: 'flag', value: { type: 'boolean', value: true } },
  ])
  const log = `reduction_log/RB_1920234_Run_${run}_Script.out`
  expect(await outputPaths(database, id)).toEqual([
    ['a.png', 'image'],
    ['figure.json', 'plotly'],
    ['provenance.json', null],
    [log, null],
    ['WISH1.nxs', null],
  ])
  expect(await readScriptLog(results, run)).toBe("reducing raw data {'scale': 2.0, 'flag': True}\n")
  const provenance = await readProvenance(results)
  expect(provenance).toMatchObject({
    reduction: { id, fence: 1, instrument: 'WISH', target: String(run), version: 0, rbNumber: 1920234 },
    outcome: { state: 'Completed', reason: null },
    software: { name: 'Python', version: '3', modules: { neighbour: '7.1' } },
    inputs: [{ path: raw, sizeBytes: 8 }],
    isolation: 'none (plain process group)',
    limits: { wallSeconds: 3600 },
  })
  expect(provenance.script.files.map(({ name }) => name)).toEqual(['reduce_vars.py', 'reduce.py', 'neighbour.py'])
  expect((await stat(join(results, 'a.png'))).mode & 0o777).toBe(0o664)
  expect(one.asked()).toBe(1)
  await expectTidy(one)
})

describe('a failed script is a result', () => {
  test('an exception: its sentence, its log and what it had written', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main("open('partial.txt', 'w').write('x')\nraise RuntimeError('vanadium run 236516 not found')"),
    })
    await one.ring()
    const sentence = 'vanadium run 236516 not found (RuntimeError in reduce.py, line 4)'
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Error', reason: sentence })
    const results = await resultsOf(id)
    expect((await readdir(results)).toSorted()).toEqual(['partial.txt', 'provenance.json', 'reduction_log'])
    const log = await readScriptLog(results, run)
    expect(log).toContain('File "reduce.py", line 4, in main')
    expect(log.endsWith(`[Error: ${sentence}]\n`)).toBe(true)
    await expectTidy(one)
  })

  test('a variable that the script does not have', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(
      database,
      { 'reduce_vars.py': "standard_vars = {'banks': 1}", 'reduce.py': main('pass') },
      { given: [{ name: 'bank', plain: 2 }] },
    )
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: 'The script has no variable “bank”. Did you mean “banks”?',
    })
  })

  test('one that hangs is ended at its time limit, with all it has started', async () => {
    await database.change(`UPDATE instruments SET time_limit_seconds = 1 WHERE name = 'WISH'`)
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`import signal, subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(['sleep', '600'], start_new_session=True)
print(os.getpid(), child.pid, flush=True)
while True: time.sleep(1)`),
    })
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('still running after 1 s, the time limit of this instrument'),
    })
    const [first = '', second = ''] = (await readScriptLog(await resultsOf(id), run)).split(/\s/)
    for (const pid of [first, second]) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    await expectTidy(one)
  })

  test('children that it leaves running are ended with it, and told in the log', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`import subprocess
children = [subprocess.Popen(['sleep', '600'], start_new_session=True) for _ in range(3)]
print(*[child.pid for child in children])`),
    })
    await one.ring()
    const log = await readScriptLog(await resultsOf(id), run)
    for (const pid of log.split('\n')[0]?.split(' ') ?? []) expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH')
    expect(log).toContain('[The script left 3 of its processes running; they were ended with it.]')
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
  })

  test('of a log of 100 MB head and tail are kept', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`print('the first line')
for _ in range(100): os.write(1, b'x' * 1023 * 1024 + b'\\n')
print('the last line')`),
    })
    await one.ring()
    const log = await readScriptLog(await resultsOf(id), run)
    expect(log.length).toBeLessThan(12 * 1024 * 1024)
    expect(log.length).toBeGreaterThan(10 * 1024 * 1024)
    expect(log.startsWith('the first line\n')).toBe(true)
    expect(log.endsWith('the last line\n')).toBe(true)
    expect(log).toMatch(/\[\.\.\. [0-9,]+ bytes were cut here/)
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
  })

  test('one that removes its output directory has no results but its log', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`import shutil\nopen('a', 'w').close()\nprint('removing')\nshutil.rmtree(output_dir)`),
    })
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('removed its own output directory'),
    })
    expect(await readScriptLog(await resultsOf(id), run)).toContain('removing')
    await expectTidy(one)
  })

  test('one that writes more than it may is ended', async () => {
    const one = await testProcessor(database, { settings: { output_limit_megabytes: '1' } })
    const { id } = await queueReduction(database, {
      'reduce.py': main(`with open('large', 'wb') as file:
    while True:
        file.write(os.urandom(100_000))
        file.flush()
        time.sleep(0.01)`),
    })
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: 'The script wrote more than 1 MB and was ended. Write less, or have the limit raised.',
    })
  })

  test('one that ended before it was found to have written too much has all of it kept', async () => {
    // Never measured while it runs: what is seen at its end decides.
    const one = await testProcessor(database, { settings: { output_limit_files: '20' }, measureMs: 600_000 })
    const { id } = await queueReduction(database, {
      'reduce.py': main(`os.mkdir('many')\nfor n in range(20):\n    open('many/%i' % n, 'w').close()`),
    })
    await one.ring()
    const reason =
      'The script ended by itself, but wrote more than 20 files, the most it may. Write fewer, for example into one HDF5 file.'
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Error', reason })
    const results = await resultsOf(id)
    expect(await readdir(join(results, 'many'))).toHaveLength(20)
    expect((await readProvenance(results)).outcome).toEqual({ state: 'Error', reason })
  })

  test('what it must not publish is left out, and told in the log', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`os.symlink('/etc/passwd', 'plot.png')\nopen('provenance.json', 'w').write('{}')`),
    })
    await one.ring()
    const results = await resultsOf(id)
    expect(await readdir(results)).not.toContain('plot.png')
    expect((await readProvenance(results)).reduction.id).toBe(id)
    expect(await readScriptLog(results, run)).toContain('"plot.png" was left out: it is a symbolic link.')
  })

  test.for([0, 1])(
    'names that are no text, and paths too long for one, end no reduction badly (flat: %i)',
    async (flat) => {
      await database.change('UPDATE instruments SET is_flat = ?', [flat])
      const one = await testProcessor(database)
      const { id, run } = await queueReduction(database, {
        'reduce.py': main(`os.mkdir(b'folder-\\xff')
open(b'folder-\\xff/a-\\xfe.nxs', 'w').write('x')
for depth in range(40):
    os.mkdir('d' * 200)
    os.chdir('d' * 200)
open('innermost', 'w').write('x')`),
      })
      await one.ring()
      expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed', lostCount: 0, fence: 1 })
      expect((await outputPaths(database, id)).map(([path]) => path)).toContain('folder-%FF/a-%FE.nxs')
      const log = await readScriptLog(await resultsOf(id), run)
      expect(log).toContain('is the name of a file or folder now whose own is no valid text')
      expect(log).toContain('its path is longer than 3000 bytes')
      await expectTidy(one)
    },
  )

  test('one that loses its lease leaves nothing behind, however deep it lies', async () => {
    const one = await testProcessor(database)
    const gate = join(one.directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': main(`for depth in range(40):
    os.mkdir('d' * 200)
    os.chdir('d' * 200)
open(${JSON.stringify(gate)}, 'w')
time.sleep(60)`),
    })
    const ringing = one.ring()
    await expect.poll(() => existsSync(gate), { timeout: 20_000 }).toBe(true)
    await database.change(`UPDATE reductions SET lease_owner = 'another', fence = fence + 1 WHERE id = ?`, [id])
    await ringing
    await expectTidy(one)
  })

  test('thousands of links do not make a log that nobody can read', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, {
      'reduce.py': main(`for number in range(2000): os.symlink('/', 'link-%d' % number)`),
    })
    await one.ring()
    const log = await readScriptLog(await resultsOf(id), run)
    expect(log.split('was left out')).toHaveLength(201)
    expect(log).toContain('[1800 more of the kind are not listed.]')
  })

  test('what a script reports in the runner’s name is no longer than a sentence', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, {
      'reduce.py': main(`import json
fault = {'kind': 'exception', 'message': 'é\\x1b[2J' * 1000000, 'traceback': []}
line = ('\\n' + json.dumps({'kind': 'fault', 'fault': fault}) + '\\n').encode()
while line: line = line[os.write(200, line):]
os._exit(0)`),
    })
    await one.ring()
    const { state, reason } = await reductionRow(database, id)
    expect(state).toBe('Error')
    expect(reason).toMatch(/^é.*…$/)
    expect(reason).toHaveLength(4_000)
  })
})

describe('a person or another processor intervenes', () => {
  const hanging = { 'reduce.py': main("open('a', 'w').close()\nprint('hanging', flush=True)\ntime.sleep(600)") }

  const whileItHangs = async (
    one: TestProcessor,
    id: number,
    change: () => Promise<unknown>,
  ): ReturnType<TestProcessor['ring']> => {
    const ringing = one.ring()
    const log = join(one.results, 'WISH', '.staging', `${id}-1.log`)
    await expect.poll(() => readFile(log, 'utf8').catch(() => '')).toContain('hanging')
    await change()
    return ringing
  }

  test('cancelled: it ends at once, and what there is is kept', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, hanging)
    await whileItHangs(one, id, () =>
      database.change(`UPDATE reductions SET cancel_requested_by = 'someone' WHERE id = ?`, [id]),
    )
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Cancelled' })
    expect(await readdir(await resultsOf(id))).toContain('a')
    await expectTidy(one)
  })

  test('a lost lease: it ends at once and leaves no trace', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, hanging)
    const { claimed } = await whileItHangs(one, id, () =>
      database.change('UPDATE reductions SET fence = fence + 1 WHERE id = ?', [id]),
    )
    expect(claimed).toMatchObject({ state: 'lost' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Processing', fence: 2, resultsPath: null })
    await expectTidy(one)
  })

  test('a lease lost while this processor was frozen: what it finished is not published', async () => {
    const one = await testProcessor(database, { heartBeatMs: 600_000 })
    const gate = join(one.directory, 'gate')
    const { id } = await queueReduction(database, {
      'reduce.py': main(
        `print('hanging', flush=True)\nwhile not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)`,
      ),
    })
    const { claimed } = await whileItHangs(one, id, async () => {
      await database.change('UPDATE reductions SET fence = fence + 1 WHERE id = ?', [id])
      await writeFile(gate, '')
    })
    expect(claimed).toMatchObject({ state: 'lost' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Processing', step: null, resultsPath: null })
    expect(await readdir(join(one.results, 'WISH'))).toEqual(['.staging'])
    await expectTidy(one)
  })

  test('the processor must stop: the reduction is given back, uncounted', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, hanging)
    const { claimed } = await whileItHangs(one, id, () => one.slots.drain(0))
    expect(claimed).toMatchObject({ state: 'released' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0, resultsPath: null })
    expect((await one.ring()).status).toBe(429)
    await expectTidy(one)
  })

  test('the processor must stop, but the script ends in time: it is Completed', async () => {
    const one = await testProcessor(database)
    const { id } = await queueReduction(database, { 'reduce.py': main('time.sleep(0.3)') })
    const ringing = one.ring()
    await expect.poll(one.slots.taken).toBe(1)
    await one.slots.drain(20_000)
    expect((await ringing).claimed).toMatchObject({ state: 'Completed' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
  })
})

describe('the disk for the results', () => {
  test('has results of somebody else at the place: an Error, and they are untouched', async () => {
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, { 'reduce.py': main("open('new', 'w').close()") })
    const place = join(one.results, `WISH/RBNumber/RB1920234/autoreduced/${run}/run-version-0`)
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'old'), 'old')
    await one.ring()
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('Other results already lie at'),
      resultsPath: null,
    })
    expect(await readdir(place)).toEqual(['old'])
    await expectTidy(one)
  })

  const mounted = async (options: string): Promise<string> => {
    const directory = await temporaryDirectory()
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory])
    onTestFinished(async () => {
      await promisify(execFile)('umount', ['-l', directory])
    })
    return directory
  }
  const mayMount = process.getuid?.() === 0

  test.runIf(mayMount)('is full: an Error that says so, and the next reduction is unharmed', async () => {
    const one = await testProcessor(database, { settings: { RESULTS_ROOT: await mounted('size=256k') } })
    const full = await queueReduction(database, {
      'reduce.py': main("with open('large', 'wb') as file:\n    while True: file.write(b'x' * 65536)"),
    })
    const next = await queueReduction(database, { 'reduce.py': main('pass') })
    await one.ring()
    expect(await reductionRow(database, full.id)).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('The disk for the results is full'),
    })
    await one.ring()
    expect(await reductionRow(database, next.id)).toMatchObject({ state: 'Completed' })
  })

  test('belongs to a flat instrument: its version is kept hidden and its files lie where people look', async () => {
    await database.change(`UPDATE instruments SET is_flat = TRUE WHERE name = 'WISH'`)
    const one = await testProcessor(database)
    const { id, run } = await queueReduction(database, { 'reduce.py': main(`open('WISH1.nxs', 'w').write('x')`) })
    await one.ring()
    const flat = join(one.results, 'WISH/RBNumber/RB1920234/autoreduced')
    expect(await resultsOf(id)).toBe(join(flat, '.versions', String(run), 'run-version-0'))
    expect((await readdir(flat)).toSorted()).toEqual(['.versions', 'WISH1.nxs'])
  })
})

test('extra directories get a copy below the configured roots, others are refused in the log', async () => {
  const root = await temporaryDirectory()
  const elsewhere = await temporaryDirectory()
  const one = await testProcessor(database, { settings: { extra_directories_roots: root } })
  const { id, run } = await queueReduction(database, {
    'reduce.py': main(`open('WISH1.nxs', 'w').write('x')
return [${JSON.stringify(join(root, 'copies'))}, ${JSON.stringify(elsewhere)}, ${JSON.stringify(join(root, '..', 'outside'))}, 'relative']`),
  })
  await one.ring()
  expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
  expect(await readdir(join(root, 'copies'))).toEqual(['WISH1.nxs'])
  expect(await readdir(elsewhere)).toEqual([])
  const log = await readScriptLog(await resultsOf(id), run)
  expect(log.match(/The results were not copied to/g)).toHaveLength(3)
})

/** A database whose answers can be lost after they were given. */
const losing = (isLost: () => boolean): Database => ({
  ...database,
  transaction: async (work) => {
    const result = await database.transaction(work)
    if (isLost()) throw new DatabaseFault('COMMIT', 'PROTOCOL_CONNECTION_LOST', true, new Error('lost'))
    return result
  },
})

test('answers of COMMIT that are lost, each in its turn, change nothing', async () => {
  // Transactions of a reduction: claim, variables, decision, end. A claim whose answer is lost runs out with its lease.
  for (const lost of [2, 3, 4]) {
    let count = 0
    const one = await testProcessor(database, {
      database: losing(() => {
        count += 1
        return count === lost
      }),
    })
    const { id } = await queueReduction(database, { 'reduce.py': main("open('a', 'w').close()") })
    await one.ring()
    expect([lost, await reductionRow(database, id)]).toMatchObject([lost, { state: 'Completed', step: null }])
    expect(await readdir(await resultsOf(id))).toContain('a')
    await expectTidy(one)
  }
})

test('while the database is away a script runs on, and its outcome is stored when it is back', async () => {
  let isAway = false
  const one = await testProcessor(database, {
    database: {
      ...database,
      rows: (...given) => (isAway ? awayFault() : database.rows(...given)),
      change: (...given) => (isAway ? awayFault() : database.change(...given)),
      transaction: (work) => (isAway ? awayFault() : database.transaction(work)),
    },
  })
  const gate = join(one.directory, 'gate')
  const { id } = await queueReduction(database, {
    'reduce.py': main(`while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)\nopen('a', 'w').close()`),
  })
  const ringing = one.ring()
  await expect.poll(async () => (await reductionRow(database, id)).arguments).not.toBeNull()
  isAway = true
  await writeFile(gate, '')
  await expect.poll(() => readdir(join(one.results, 'WISH/.staging', `${id}-1`))).toContain('provenance.json')
  expect(await reductionRow(database, id)).toMatchObject({ state: 'Processing', step: null })
  isAway = false
  expect((await ringing).claimed).toMatchObject({ state: 'Completed' })
  expect(await readdir(await resultsOf(id))).toContain('a')
})

const awayFault = (): Promise<never> =>
  Promise.reject(new DatabaseFault('connect', 'ECONNREFUSED', true, new Error('away')))

test('three at once share nothing', async () => {
  const one = await testProcessor(database)
  const all = []
  for (const place of [1, 2, 3]) {
    const instrument = place === 1 ? 'MARI' : 'WISH'
    all.push(await queueReduction(database, { 'reduce.py': main(`print(${place})\ntime.sleep(0.2)`) }, { instrument }))
  }
  await Promise.all([one.ring(), one.ring(), one.ring()])
  // The last slot is kept for an instrument that holds none, so one of them may have had to wait.
  while ((await one.ring()).claimed !== null);
  for (const [place, { id, run }] of all.entries()) {
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
    expect(await readScriptLog(await resultsOf(id), run)).toBe(`${place + 1}\n`)
  }
})
