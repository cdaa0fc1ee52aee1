import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import type { Database } from '#database/connection.ts'
import { openDisk, type Disk } from '#results/disk/open-disk.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { canDisksHang, openHangingDisk, whyNoDiskHangs, type HangingDisk } from '../../tests/support/hanging-disk.ts'
import { mayMount, mountSmallDisk, type SmallDisk } from '../../tests/support/small-disk.ts'
import { startBeat } from './beat.ts'
import { finishInterrupted } from './finish-interrupted.ts'
import { sweepStaging } from './sweep-staging.ts'
import { queueReduction, reductionRow, testProcessor, type TestProcessor } from './test-processor.ts'
import { temporaryDirectory } from './test-support.ts'

let schema: FreshSchema
let database: Database

beforeAll(async () => {
  schema = await freshSchema()
  database = schema.database
})
afterAll(() => schema.drop())
beforeEach(async () => {
  for (const table of ['instruments', 'runs', 'reductions', 'reduction_runs', 'outputs', 'processors', 'notices']) {
    await database.change(`DELETE FROM ${table}`)
  }
  await database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('WISH', 1, NOW(6), NOW(6)), ('MARI', 1, NOW(6), NOW(6))`,
  )
})

const main = (body: string): Readonly<Record<string, string>> => ({
  'reduce.py': `import os, time\ndef main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`,
})
const writes = main("open(output_dir + 'a.nxs', 'w').write('data')\nprint('reduced')")

const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const quickDisk = (silenceMs: number): Disk => {
  const disk = openDisk({ log, places: 6, silenceMs })
  onTestFinished(disk.close)
  return disk
}

const openNotices = (): Promise<readonly { instrument: string; message: string }[]> =>
  database.rows(
    z.object({ instrument: z.string(), message: z.string() }),
    `SELECT instrument, message FROM notices WHERE kind = 'results-problem' AND open_key IS NOT NULL`,
  )

/** As the function does, all ten seconds: it tells, and finishes what is decided. */
const withBeat = (one: TestProcessor): void => {
  const beat = startBeat(one.processor, () => Promise.resolve())
  onTestFinished(beat.stop)
}

/** Rings until the reduction has come to its end: while its disk is in trouble nothing is claimed. */
const comesToItsEnd = async (one: TestProcessor, id: number): Promise<string> => {
  await expect
    .poll(
      async () => {
        const { state } = await reductionRow(database, id)
        if (state === 'Queued') await one.ring()
        return state
      },
      { timeout: 40_000 },
    )
    .toMatch(/Completed|Error|Cancelled/)
  return (await reductionRow(database, id)).state
}

/** WISH waits for its disk, MARI does not, and WISH goes on when the disk is well. */
const waitsAndGoesOn = async (
  one: TestProcessor,
  wish: number,
  kind: string,
  mend: () => Promise<unknown>,
): Promise<void> => {
  withBeat(one)
  const { claimed } = await one.ring()
  expect(claimed).toMatchObject({ reductionId: wish, state: 'released' })
  const row = await reductionRow(database, wish)
  expect(row).toMatchObject({ state: 'Queued', lostCount: 0, reason: expect.stringContaining(kind) })
  expect(row.reason).toContain('It waits in line and starts again by itself')
  await isHeldUntilMended(one, wish, kind, mend)
}

/** Whoever meets a disk that refuses ends with the cause; the next one of WISH waits, MARI does not. */
const endsAndHoldsTheNext = async (
  one: TestProcessor,
  wish: number,
  kind: string,
  mend: () => Promise<unknown>,
): Promise<void> => {
  withBeat(one)
  expect((await one.ring()).claimed).toMatchObject({ reductionId: wish, state: 'Error' })
  expect(await reductionRow(database, wish)).toMatchObject({
    state: 'Error',
    lostCount: 0,
    reason: expect.stringContaining(kind),
  })
  const next = await queueReduction(database, writes)
  await isHeldUntilMended(one, next.id, kind, mend)
}

const isHeldUntilMended = async (
  one: TestProcessor,
  waiting: number,
  kind: string,
  mend: () => Promise<unknown>,
): Promise<void> => {
  expect((await one.ring()).claimed).toBeNull()
  const mari = await queueReduction(database, writes, { instrument: 'MARI' })
  expect((await one.ring()).claimed).toMatchObject({ reductionId: mari.id, state: 'Completed' })

  await expect
    .poll(openNotices)
    .toEqual([
      { instrument: 'WISH', message: expect.stringMatching(/^Results of WISH cannot be written on .*wait in line/) },
    ])
  expect((await openNotices())[0]?.message).toContain(kind)
  await mend()
  expect(await comesToItsEnd(one, waiting)).toBe('Completed')
  await expect.poll(openNotices).toEqual([])
}

describe('nothing is claimed for an instrument while its results', () => {
  test('have no root', async () => {
    const root = join(await temporaryDirectory(), 'results')
    const one = await testProcessor(database, { settings: { RESULTS_ROOT: root }, probeAgainMs: 100 })
    const { id } = await queueReduction(database, writes)
    expect((await one.ring()).claimed).toMatchObject({ reductionId: id, state: 'released' })
    expect(await reductionRow(database, id)).toMatchObject({
      state: 'Queued',
      lostCount: 0,
      reason: expect.stringContaining('The place for the results is not there'),
    })
    expect((await one.ring()).claimed).toBeNull()
    await mkdir(root)
    expect(await comesToItsEnd(one, id)).toBe('Completed')
  })

  test('lie below a file, and others can still be reduced', async () => {
    const one = await testProcessor(database, { probeAgainMs: 100 })
    await writeFile(join(one.results, 'WISH'), 'no folder')
    const { id } = await queueReduction(database, writes)
    await waitsAndGoesOn(one, id, 'is not a directory', () => rm(join(one.results, 'WISH')))
  })

  describe.runIf(mayMount)('on a disk of their own', () => {
    const onSmallDisk = async (): Promise<{ one: TestProcessor; small: SmallDisk; id: number; folder: string }> => {
      const one = await testProcessor(database, { probeAgainMs: 100 })
      const folder = join(one.results, 'WISH')
      await mkdir(folder)
      const small = await mountSmallDisk(folder, '1m')
      onTestFinished(() => small.unmount().catch(() => undefined))
      const { id } = await queueReduction(database, writes)
      return { one, small, id, folder }
    }

    test('are full', async () => {
      const { one, small, id } = await onSmallDisk()
      await small.fill()
      await endsAndHoldsTheNext(one, id, 'The disk for the results is full', small.empty)
    })

    test('are read-only', async () => {
      const { one, small, id } = await onSmallDisk()
      await small.remount('ro')
      await endsAndHoldsTheNext(one, id, 'The disk for the results is read-only', () => small.remount('rw'))
    })

    test('are not mounted any more: nothing is written to the bare mount point', async () => {
      const { one, small, folder } = await onSmallDisk()
      expect((await one.ring()).claimed).toMatchObject({ state: 'Completed' })
      await small.unmount()
      const { id } = await queueReduction(database, writes)
      await waitsAndGoesOn(one, id, 'is not there any more', async () => {
        expect(await readdir(folder)).toEqual([])
        await mountSmallDisk(folder, '1m')
      })
    })

    test('are full, and so was the disk when the script failed: an Error that says both', async () => {
      const { one, small, folder } = await onSmallDisk()
      expect((await one.ring()).claimed).toMatchObject({ state: 'Completed' })
      const gate = join(one.directory, 'gate')
      const { id } = await queueReduction(
        database,
        main(`while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)\nraise RuntimeError('no vanadium')`),
      )
      const ringing = one.ring()
      await expect.poll(() => readdir(join(folder, '.staging'))).toContain(`${id}-1`)
      await small.fill()
      await writeFile(gate, '')
      await ringing
      const { state, reason } = await reductionRow(database, id)
      expect(state).toBe('Error')
      expect(reason).toContain('The disk for the results is full')
      expect(reason).toContain('no vanadium')
    })

    test('became full while a script ran that succeeded: an Error with that cause, and the next waits', async () => {
      const { one, small, folder } = await onSmallDisk()
      expect((await one.ring()).claimed).toMatchObject({ state: 'Completed' })
      const gate = join(one.directory, 'gate')
      const { id } = await queueReduction(
        database,
        main(`while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)`),
      )
      const ringing = one.ring()
      await expect.poll(() => readdir(join(folder, '.staging'))).toContain(`${id}-1`)
      await small.fill()
      await writeFile(gate, '')
      expect((await ringing).claimed).toMatchObject({ state: 'Error' })
      expect((await reductionRow(database, id)).reason).toMatch(
        /^The disk for the results is full .*re-run the reduction\.$/,
      )
      const next = await queueReduction(database, writes)
      expect((await one.ring()).claimed).toBeNull()
      await small.empty()
      expect(await comesToItsEnd(one, next.id)).toBe('Completed')
    })

    test('fail at the last step: what is finished is kept, and published when the disk is well', async () => {
      const root = await temporaryDirectory()
      await mkdir(join(root, 'WISH'))
      const small = await mountSmallDisk(join(root, 'WISH'), '1m')
      onTestFinished(() => small.unmount().catch(() => undefined))
      const copies = await temporaryDirectory()
      const one = await testProcessor(database, {
        settings: { RESULTS_ROOT: root, extra_directories_roots: copies },
        // The point of no return, then the disk fails.
        database: afterDecision(() => small.remount('ro')),
        probeAgainMs: 100,
      })
      const { id, run } = await queueReduction(
        database,
        main(`open(output_dir + 'a.nxs', 'w').write('data')\nreturn ${JSON.stringify(join(copies, 'here'))}`),
      )
      expect((await one.ring()).claimed).toMatchObject({
        state: 'unpublished',
        reason: expect.stringContaining('read-only'),
      })
      expect(await reductionRow(database, id)).toMatchObject({ state: 'Processing', step: 'publishing', lostCount: 0 })
      expect(await readdir(join(root, 'WISH', '.staging'))).toEqual([`${id}-1`])
      expect(await finishInterrupted(one.processor)).toBe(0)

      const other = await testProcessor(database, {
        settings: { RESULTS_ROOT: root, extra_directories_roots: copies },
        probeAgainMs: 100,
      })
      expect(await finishInterrupted(other.processor)).toBe(0)
      await small.remount('rw')
      await expect.poll(() => finishInterrupted(other.processor)).toBe(1)
      expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed', step: null })
      expect(await readdir(join(root, `WISH/RBNumber/RB1920234/autoreduced/${run}/run-version-0`))).toContain('a.nxs')
      expect(await readdir(join(copies, 'here'))).toEqual(['a.nxs'])
      expect(await readdir(join(root, 'WISH', '.staging'))).toEqual([])
    })

    test('are not mounted when finished results are to be published: they are not taken for removed', async () => {
      const root = await temporaryDirectory()
      const folder = join(root, 'WISH')
      await mkdir(folder)
      await mountSmallDisk(folder, '1m')
      const elsewhere = await temporaryDirectory()
      const one = await testProcessor(database, {
        settings: { RESULTS_ROOT: root },
        database: afterDecision(() => {
          execFileSync('mount', ['--move', folder, elsewhere])
          onTestFinished(() => void execFileSync('umount', [existsSync(join(folder, '.staging')) ? folder : elsewhere]))
          return Promise.resolve()
        }),
        probeAgainMs: 100,
      })
      const { id } = await queueReduction(database, writes)
      expect((await one.ring()).claimed).toMatchObject({ state: 'unpublished' })
      expect(await readdir(folder)).toEqual([])
      execFileSync('mount', ['--move', elsewhere, folder])
      await expect.poll(() => finishInterrupted(one.processor)).toBe(1)
      expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
    })
  })
})

/** A database after whose decision something happens, once. */
const afterDecision = (happens: () => Promise<unknown>): Database => {
  // Transactions of a reduction: claim, decision, end.
  let count = 0
  return {
    ...database,
    transaction: async (work) => {
      const result = await database.transaction(work)
      count += 1
      if (count === 2) await happens()
      return result
    },
  }
}

if (whyNoDiskHangs) console.warn(`The tests of a disk that hangs are left out: ${whyNoDiskHangs}.`)

describe.runIf(canDisksHang)('a disk that hangs under one instrument', () => {
  const silenceMs = 4_000

  const withHangingDisk = async (
    given: { readonly database?: Database; readonly settings?: Readonly<Record<string, string>> } = {},
  ): Promise<{ one: TestProcessor; hanging: HangingDisk; disk: Disk }> => {
    const root = await mkdtemp(join(tmpdir(), 'hanging-results-'))
    await mkdir(join(root, 'WISH'))
    const hanging = await openHangingDisk(join(root, 'WISH'))
    onTestFinished(async () => {
      hanging.goOn()
      await hanging.end()
      await rm(root, { recursive: true })
    })
    const disk = quickDisk(silenceMs)
    const one = await testProcessor(database, {
      ...given,
      settings: { RESULTS_ROOT: root, ...given.settings },
      disk,
      probeAgainMs: 200,
    })
    return { one, hanging, disk }
  }
  const staged = async (hanging: HangingDisk, id: number): Promise<void> => {
    await expect
      .poll(() => readFile(join(hanging.source, '.staging', `${id}-1.log`), 'utf8').catch(() => ''))
      .toContain('running')
  }

  test('holds its reductions and nobody else’s, takes one process, and all goes on when it answers', async () => {
    const { one, hanging, disk } = await withHangingDisk({ settings: { slots: '4' } })
    hanging.hang()
    const waiting = [await queueReduction(database, writes), await queueReduction(database, writes)]
    const rung = [one.ring(), one.ring()]
    const states = (): Promise<string[]> =>
      Promise.all(waiting.map(async ({ id }) => (await reductionRow(database, id)).state))
    await expect.poll(states).toEqual(['Processing', 'Processing'])
    const mari = [
      await queueReduction(database, writes, { instrument: 'MARI' }),
      await queueReduction(database, writes, { instrument: 'MARI' }),
    ]
    for (const { id } of mari) expect((await one.ring()).claimed).toMatchObject({ reductionId: id, state: 'Completed' })
    expect((await Promise.all(rung)).map(({ claimed }) => claimed)).toMatchObject([
      { state: 'released', reason: expect.stringContaining('does not answer') },
      { state: 'released' },
    ])
    // Told from memory now: no slot is taken, no process started.
    for (let bell = 0; bell < 5; bell += 1) expect((await one.ring()).claimed).toBeNull()
    withBeat(one)
    await expect.poll(openNotices).toMatchObject([{ instrument: 'WISH' }])
    expect((await openNotices())[0]?.message).toContain('Look at its server')
    // The one that works, the one that is stuck in the kernel and cannot be killed; perhaps a probe.
    expect(disk.processCount()).toBeLessThanOrEqual(3)
    for (const { id } of waiting)
      expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0 })

    hanging.goOn()
    for (const { id } of waiting) expect(await comesToItsEnd(one, id)).toBe('Completed')
    await expect.poll(openNotices).toEqual([])
    await expect.poll(disk.processCount, { timeout: 20_000 }).toBeLessThanOrEqual(3)
  })

  test('does not hold up a script that only prints; at its end it is given back, and later completed', async () => {
    const { one, hanging } = await withHangingDisk()
    const gate = join(one.directory, 'gate')
    const { id } = await queueReduction(
      database,
      main(`print('running', flush=True)
while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)
for _ in range(30): os.write(1, b'x' * 1023 * 1024 + b'\\n')
open(${JSON.stringify(join(one.directory, 'printed'))}, 'w').close()`),
    )
    const ringing = one.ring()
    await staged(hanging, id)
    hanging.hang()
    await writeFile(gate, '')
    // 30 MB are printed while the disk takes nothing.
    await expect.poll(() => existsSync(join(one.directory, 'printed'))).toBe(true)
    expect((await ringing).claimed).toMatchObject({ state: 'released' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0 })
    hanging.goOn()
    expect(await comesToItsEnd(one, id)).toBe('Completed')
  })

  test('is noticed while scripts run there, so that no other is started', async () => {
    const { one, hanging } = await withHangingDisk()
    const { id } = await queueReduction(database, main("print('running', flush=True)\ntime.sleep(600)"))
    const ringing = one.ring()
    await staged(hanging, id)
    hanging.hang()
    await expect.poll(() => one.processor.places.held()).toMatchObject([{ instrument: 'WISH', kind: 'hung' }])
    await queueReduction(database, writes)
    expect((await one.ring()).claimed).toBeNull()
    hanging.goOn()
    await database.change(`UPDATE reductions SET cancel_requested_by = 'someone' WHERE id = ?`, [id])
    await ringing
  })

  test('does not keep a script from being cancelled within seconds, known to hang or not', async () => {
    const { one, hanging } = await withHangingDisk()
    const { id } = await queueReduction(database, main("print('running', flush=True)\ntime.sleep(600)"))
    const ringing = one.ring()
    await staged(hanging, id)
    hanging.hang()
    const began = performance.now()
    await database.change(`UPDATE reductions SET cancel_requested_by = 'someone' WHERE id = ?`, [id])
    expect((await ringing).claimed).toMatchObject({ state: 'Cancelled' })
    // Three seconds of patience with the disk, twice at worst; the rest is the machine's.
    expect(performance.now() - began).toBeLessThan(15_000)
    const row = await reductionRow(database, id)
    expect(row).toMatchObject({ state: 'Cancelled', resultsPath: null })
    expect(row.reason).toContain('could not be kept')
    hanging.goOn()
    // What was left there is swept when it answers.
    await expect
      .poll(async () => {
        await sweepStaging(one.processor).catch(() => undefined)
        return readdir(join(hanging.source, '.staging'))
      })
      .toEqual([])
  })

  test('does not keep a script beyond its time limit, nor blame the script', async () => {
    await database.change(`UPDATE instruments SET time_limit_seconds = 3 WHERE name = 'WISH'`)
    const { one, hanging } = await withHangingDisk()
    const { id } = await queueReduction(
      database,
      main("print('running', flush=True)\nopen(output_dir + 'a', 'w').close()\nwhile True: os.listdir(output_dir)"),
    )
    const ringing = one.ring()
    await staged(hanging, id)
    hanging.hang()
    expect((await ringing).claimed).toMatchObject({ state: 'released' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0 })
    hanging.goOn()
  })

  test('does not keep the processor from stopping: what it holds is given back, uncounted', async () => {
    const { one, hanging } = await withHangingDisk()
    const { id } = await queueReduction(database, main("print('running', flush=True)\ntime.sleep(600)"))
    const ringing = one.ring()
    await staged(hanging, id)
    hanging.hang()
    await one.slots.drain(0)
    expect((await ringing).claimed).toMatchObject({ state: 'released' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Queued', lostCount: 0 })
    hanging.goOn()
  })

  test('keeps finished results, which appear when it answers; meanwhile others’ are finished', async () => {
    const decided = { happens: (): void => undefined }
    const { one, hanging } = await withHangingDisk({
      database: afterDecision(() => Promise.resolve(decided.happens())),
    })
    decided.happens = hanging.hang
    const { id, run } = await queueReduction(database, writes)
    expect((await one.ring()).claimed).toMatchObject({ state: 'unpublished' })
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Processing', step: 'publishing' })
    expect(await finishInterrupted(one.processor)).toBe(0)
    expect(await sweepStaging(one.processor)).toEqual([])
    hanging.goOn()
    await expect.poll(() => finishInterrupted(one.processor)).toBe(1)
    expect(await reductionRow(database, id)).toMatchObject({ state: 'Completed' })
    const published = join(hanging.source, `RBNumber/RB1920234/autoreduced/${run}`)
    expect(await readdir(published)).toEqual(['run-version-0'])
  })
})
