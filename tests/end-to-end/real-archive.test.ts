import { existsSync } from 'node:fs'
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Detection, Instrument, Reduction, ResultFile, Run } from '#contracts/api.ts'
import type { Notice } from '#contracts/notices.ts'
import type { Outcome } from '#contracts/submission.ts'
import { makeArchive, readWithH5py, type MadeArchive } from './an-archive.ts'
import { projectDirectory, startTheStack, type Stack } from './the-stack.ts'

const realFiles = join(projectDirectory, '..', 'shared', 'data', 'isis')
const hasRealFiles = existsSync(realFiles)

/** First and last run of each instrument's real files. */
const spans = {
  ENGINX: [241391, 241391],
  IMAT: [4217, 4217],
  IRIS: [103225, 103226],
  ALF: [82301, 82301],
  INTER: [13460, 13462],
  LOQ: [74014, 74014],
  HIFI: [180594, 180594],
  ARGUS: [44309, 44309],
  VESUVIO: [1250, 1250],
} as const

let archive: MadeArchive
let stack: Stack
const gap = { instrument: 'GEM', first: 5001, last: 5040, missing: [5007, 5020, 5040] }
const badLastruns = ['EMU', 'LET', 'MAPS', 'MARI', 'MERLIN', 'PEARL', 'POLREF', 'SXD'] as const

beforeAll(async () => {
  archive = await makeArchive()
  if (hasRealFiles) {
    await archive.copyFrom(realFiles)
    for (const [instrument, [first]] of Object.entries(spans)) {
      await archive.writeLastrun(instrument, first - 1)
      await archive.writeScript(instrument)
    }
  }
  for (const instrument of [gap.instrument, 'SANDALS', ...badLastruns]) {
    await archive.writeLastrun(instrument, 5000)
    await archive.writeScript(instrument, 'def main(input_file, output_dir):\n    print("reduced", input_file)\n')
  }
  stack = await startTheStack({ ARCHIVE_ROOT: archive.root })
  await vi.waitUntil(
    async () => {
      const { items } = await stack.get<{ items: Instrument[] }>('instruments')
      return items.length > 0 && items.every(({ lastRun }) => lastRun !== null)
    },
    { timeout: 30_000, interval: 200 },
  )
}, 180_000)

afterAll(async () => {
  await stack.stop()
  await rm(archive.root, { recursive: true, force: true })
}, 60_000)

const runsOf = (instrument: string): Promise<Run[]> =>
  stack.get<{ items: Run[] }>(`runs?instrument=${instrument}&limit=200`).then(({ items }) => items)
const runOf = async (instrument: string, runNumber: number): Promise<Run | undefined> =>
  (await runsOf(instrument)).find((run) => run.runNumber === runNumber)
const stateOf = async (instrument: string, runNumber: number): Promise<string | undefined> =>
  (await runOf(instrument, runNumber))?.latest?.state
const waiting = (instrument: string): Promise<Detection[]> =>
  stack
    .get<{ items: Detection[] }>('detections?state=waiting')
    .then(({ items }) => items.filter((item) => item.instrument === instrument))

describe.skipIf(!hasRealFiles)('an archive of real files', () => {
  beforeAll(async () => {
    for (const [instrument, [, last]] of Object.entries(spans)) await archive.writeLastrun(instrument, last)
    await stack.detect()
    const answer = await stack.post('submissions', { instrument: 'ENGINX', runs: [299080] })
    const { outcomes } = (await answer.json()) as { outcomes: Outcome[] }
    expect(outcomes).toMatchObject([{ outcome: 'queued', runNumber: 299080 }])
  })

  const good = [
    ['ENGINX', 241391, 'Completed', 'cycle_20_1/ENGINX00241391.nxs'],
    ['ENGINX', 299080, 'Completed', 'cycle_20_1/ENGINX00299080.nxs'],
    ['IMAT', 4217, 'Completed', 'cycle_18_03/IMAT00004217.nxs'],
    ['IRIS', 103226, 'Skipped', 'cycle_24_3/IRIS00103226.nxs'],
    ['ALF', 82301, 'Completed', 'cycle_19_03/ALF82301.nxs'],
    ['INTER', 13460, 'Completed', 'cycle_13_1/INTER00013460.nxs'],
    ['INTER', 13462, 'Completed', 'cycle_13_1/INTER00013462.nxs'],
    ['LOQ', 74014, 'Completed', 'cycle_12_4/LOQ74014.nxs'],
    ['HIFI', 180594, 'Completed', 'cycle_21_2/HIFI00180594.nxs'],
  ] as const

  it.each(good)('records %s %i as h5py reads it, and it becomes %s', async (instrument, runNumber, state, path) => {
    await expect.poll(() => stateOf(instrument, runNumber), { timeout: 60_000, interval: 500 }).toBe(state)
    const run = await runOf(instrument, runNumber)
    const file = join(realFiles, `NDX${instrument}`, 'Instrument', 'data', path)
    const facts = (await readWithH5py([file]))[file]
    if (!run || !facts) throw new Error('not found')
    const inLondon = (time: string | null): string =>
      new Date(time ?? 0).toLocaleString('sv-SE', { timeZone: 'Europe/London' }).replace(' ', 'T')
    expect(run.title).toBe(facts.title)
    expect(run.rbText).toBe(facts.experiment_identifier)
    expect(inLondon(run.startedAt)).toBe(facts.start_time)
    expect(inLondon(run.endedAt)).toBe(facts.end_time)
    expect(run.goodFrames).toBe(facts.good_frames)
    expect(run.rawFrames).toBe(facts.raw_frames)
    expect(run.protonCharge).toBeCloseTo(facts.proton_charge, 5)
  })

  it('says why IRIS 103226 is skipped: its RB number is none', async () => {
    expect((await runOf('IRIS', 103226))?.latest?.reason).toContain('123456')
  })

  it('shows log, plots and files of a completed reduction', async () => {
    await expect.poll(() => stateOf('ENGINX', 241391), { timeout: 60_000, interval: 500 }).toBe('Completed')
    const id = (await runOf('ENGINX', 241391))?.latest?.id ?? 0
    const reduction = await stack.get<Reduction>(`reductions/${id}`)
    expect(reduction).toMatchObject({ instrument: 'ENGINX', version: 0, rbNumber: 1510111 })
    const { items } = await stack.get<{ items: ResultFile[] }>(`reductions/${id}/files`)
    expect(items.map(({ plot }) => plot)).toEqual(expect.arrayContaining(['image', 'plotly']))
    const plot = items.find((file) => file.plot === 'image')
    const image = await fetch(`${stack.url}/api/v1/reductions/${id}/files/${plot?.path ?? ''}`)
    expect(image.headers.get('content-type')).toBe('image/png')
    const log = await fetch(`${stack.url}/api/v1/reductions/${id}/log`)
    expect(await log.text()).toContain('CeO2 4 x 4 x 15')
    expect(existsSync(join(reduction.resultsPath ?? '', 'provenance.json'))).toBe(true)
  })

  it('skips the copied file of IRIS 103225 and the HDF4 file of ARGUS 44309, each with its own sentence', async () => {
    await expect.poll(() => stateOf('IRIS', 103225), { timeout: 60_000 }).toBe('Skipped')
    await expect.poll(() => stateOf('ARGUS', 44309), { timeout: 60_000 }).toBe('Skipped')
    expect((await runOf('IRIS', 103225))?.latest?.reason).toContain('103226')
    expect((await runOf('ARGUS', 44309))?.latest?.reason).toContain('HDF4')
  })

  it('waits, with the reason, for VESUVIO 1250 and INTER 13461', async () => {
    await expect
      .poll(() => waiting('VESUVIO'), { timeout: 60_000 })
      .toMatchObject([{ runNumber: 1250, reason: expect.stringContaining('.raw') as string }])
    await expect
      .poll(() => waiting('INTER'), { timeout: 60_000 })
      .toMatchObject([{ runNumber: 13461, reason: expect.stringContaining('13461') as string }])
  })
})

describe('lastrun.txt files that are not what they should be', () => {
  it('reports each for its instrument, while another instrument’s run is submitted within two passes', async () => {
    const [emu, ...others] = badLastruns
    const faults: Record<(typeof others)[number], string | Buffer | undefined> = {
      LET: undefined,
      MAPS: '',
      MARI: 'MARI 00005001',
      MERLIN: 'MERLIN -5001 0',
      PEARL: Buffer.from('PEARL 0000500\u0661 0', 'utf8'),
      POLREF: Buffer.alloc(3_000_000, 'x'),
      SXD: 'SXD 99999999999999999999 0',
    }
    for (const instrument of others) {
      await rm(archive.lastrunPath(instrument))
      const text = faults[instrument]
      if (text !== undefined) await writeFile(archive.lastrunPath(instrument), text)
    }
    await rm(archive.lastrunPath(emu))
    await mkdir(archive.lastrunPath(emu))

    await archive.makeRuns('SANDALS', '1234567', [5001])
    await archive.writeLastrun('SANDALS', 5001)
    await stack.detect()
    await stack.detect()
    expect(await stateOf('SANDALS', 5001)).toMatch(/Queued|Processing|Completed/)

    const { items } = await stack.get<{ items: Notice[] }>('notices?open=true')
    const told = items.filter(({ kind }) => kind === 'lastrun-problem')
    expect(new Set(told.map(({ instrument }) => instrument))).toEqual(new Set(badLastruns))
    expect(new Set(told.map(({ message }) => message)).size).toBe(badLastruns.length)
  })

  it('ends the report by itself when the file is well again, and goes on from there', async () => {
    await archive.makeRuns('MARI', '1234567', [5001])
    await archive.writeLastrun('MARI', 5001)
    await stack.detect()
    const { items } = await stack.get<{ items: Notice[] }>('notices?open=true')
    expect(items.filter(({ instrument }) => instrument === 'MARI')).toEqual([])
    expect(await stateOf('MARI', 5001)).toMatch(/Queued|Processing|Completed/)
  })

  it.runIf(process.getuid?.() !== 0)('reports one that may not be read', async () => {
    await archive.writeLastrun('LET', 5001)
    await chmod(archive.lastrunPath('LET'), 0o000)
    await stack.detect()
    const { items } = await stack.get<{ items: Notice[] }>('notices?open=true')
    expect(items.some(({ instrument }) => instrument === 'LET')).toBe(true)
  })
})

describe('a gap of 40 runs of which 3 files are missing', () => {
  const { instrument, first, last, missing } = gap
  const all = Array.from({ length: last - first + 1 }, (_, place) => first + place)
  const present = all.filter((run) => !missing.includes(run))

  it('submits 37 once, shows 3 waiting, and nothing twice over a hundred passes', async () => {
    await archive.makeRuns(instrument, '1234567', present)
    await archive.writeLastrun(instrument, last)
    for (let pass = 0; pass < 100; pass += 1) await stack.detect()
    const runs = await runsOf(instrument)
    expect(runs.map(({ runNumber }) => runNumber).toSorted()).toEqual(present)
    expect(new Set(runs.map(({ latest }) => latest?.version))).toEqual(new Set([0]))
    expect((await waiting(instrument)).map(({ runNumber }) => runNumber).toSorted()).toEqual(missing)
  }, 120_000)

  it('submits the 3 when their files come', async () => {
    await archive.makeRuns(instrument, '1234567', missing)
    await expect
      .poll(
        async () => {
          await stack.detect()
          return (await runsOf(instrument)).map(({ runNumber }) => runNumber).toSorted()
        },
        { timeout: 90_000, interval: 1_000 },
      )
      .toEqual(all)
    expect(await waiting(instrument)).toEqual([])
    await expect
      .poll(async () => (await runsOf(instrument)).every(({ latest }) => latest?.state === 'Completed'), {
        timeout: 120_000,
        interval: 1_000,
      })
      .toBe(true)
    expect(new Set((await runsOf(instrument)).map(({ latest }) => latest?.version))).toEqual(new Set([0]))
  }, 240_000)
})
