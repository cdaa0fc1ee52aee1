import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Reduction, ResultFile, Run } from '#contracts/api.ts'
import { findEnvironment } from '../../local/environments/python-environment.ts'
import { recipes } from '../../local/environments/recipes.ts'
import { makeArchive, type MadeArchive } from './an-archive.ts'
import { projectDirectory, startTheStack, type Stack } from './the-stack.ts'

/** The sample script of `deploy/environments/scipp` as a scientist and as the service run it; its parts are tested in `local/beam-simulator/tests`. */
const script = join(projectDirectory, 'deploy', 'environments', 'scipp', 'ENGINX')
const realFiles = join(projectDirectory, '..', 'shared', 'data', 'isis')
const rawFile = join(realFiles, 'NDXENGINX', 'Instrument', 'data', 'cycle_20_1', 'ENGINX00241391.nxs')
const muonFile = join(realFiles, 'NDXHIFI', 'Instrument', 'data', 'cycle_21_2', 'HIFI00180594.nxs')
const scipp = findEnvironment('scipp', { stateDirectory: join(projectDirectory, '.local'), projectDirectory })

const missing =
  scipp === undefined
    ? ' (skipped: the environment Scipp is not here: make environment RECIPE=scipp)'
    : existsSync(rawFile)
      ? ''
      : ` (skipped: real raw files are not here: ${realFiles})`

/** CeO2: the reflections 220, 400 and 422. */
const peaks = [1.913, 1.353, 1.105]
const banks = ['north_bank', 'south_bank']

/** Where a reduced file has its peaks: of each bank, one near each of `peaks`. */
const peaksIn = async (reducedFile: string): Promise<Record<string, number[]>> => {
  const { stdout } = await promisify(execFile)(inject('python'), [
    join(import.meta.dirname, 'fit-peaks.py'),
    reducedFile,
    ...peaks.map(String),
  ])
  return JSON.parse(stdout) as Record<string, number[]>
}

const expectPeaks = async (reducedFile: string): Promise<void> => {
  const found = await peaksIn(reducedFile)
  expect(Object.keys(found)).toEqual(banks)
  for (const bank of banks) {
    for (const [place, d] of peaks.entries()) {
      expect(Math.abs((found[bank]?.[place] ?? 0) / d - 1), `${bank}, ${d}`).toBeLessThan(0.005)
    }
  }
}

type Report = { isSound: boolean; run: { state: string; reason: string | null; outputs: { path: string }[] } }

describe.skipIf(missing !== '')(`ENGINX 241391, focused with scipp${missing}`, { timeout: 180_000 }, () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scipp-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const check = async (name: string, file: string): Promise<Report> => {
    const options = ['--python', scipp?.interpreter ?? '', '--run', file, '--output', join(folder, name), '--json']
    const program = [join(projectDirectory, 'cli', 'main.ts'), 'check', script]
    const out = await new Promise<string>((resolve) => {
      const env = { ...process.env, ENVIRONMENTS_FILE: '' }
      execFile(process.execPath, [...program, ...options], { env, maxBuffer: 2 ** 26 }, (_, stdout) => resolve(stdout))
    })
    return JSON.parse(out) as Report
  }

  it('has its peaks where they belong by `autoreduce check`', async () => {
    const report = await check('ceria', rawFile)
    expect(report).toMatchObject({ isSound: true, run: { state: 'Completed', reason: null } })
    const kinds = ['json', 'nxs', 'png']
    expect(report.run.outputs.map(({ path }) => path).toSorted()).toEqual(
      kinds.map((kind) => `ENGINX00241391_focused.${kind}`),
    )
    await expectPeaks(join(folder, 'ceria', 'ENGINX00241391_focused.nxs'))
  })

  it('refuses a muon run with a sentence', async () => {
    const report = await check('muons', muonFile)
    expect(report.run).toMatchObject({ state: 'Error', outputs: [] })
    expect(report.run.reason).toContain('HIFI00180594 is a muon run of HIFI. This script focuses neutron diffraction.')
  })

  describe('through the whole stack', () => {
    let archive: MadeArchive
    let stack: Stack
    let software: { name: string; version: string }

    beforeAll(async () => {
      const recipe = join(script, '..')
      const pinned = /^scipp==(\S+)$/m.exec(await readFile(join(recipe, 'requirements.txt'), 'utf8'))?.[1] ?? ''
      software = { name: recipes.scipp.name, version: pinned }
      archive = await makeArchive()
      await cp(join(realFiles, 'NDXENGINX'), join(archive.root, 'NDXENGINX'), { recursive: true })
      await cp(script, join(archive.root, 'NDXENGINX', 'user', 'scripts', 'autoreduction'), { recursive: true })
      await archive.writeLastrun('ENGINX', 241390)
      const environmentsFile = join(folder, 'environments.json')
      await writeFile(
        environmentsFile,
        JSON.stringify([
          { name: 'Python', version: 'test', interpreter: inject('python'), default: true },
          { ...software, interpreter: scipp?.interpreter, imports: recipes.scipp.imports },
        ]),
      )
      const instrumentsFile = join(folder, 'instruments.yaml')
      // As the README tells to: it must name the environment that the recipe makes.
      const [, told = ''] = /```yaml\n(.*?)```/s.exec(await readFile(join(recipe, 'README.md'), 'utf8')) ?? []
      await writeFile(instrumentsFile, told)
      stack = await startTheStack({
        ARCHIVE_ROOT: archive.root,
        ENVIRONMENTS_FILE: environmentsFile,
        INSTRUMENTS_FILE: instrumentsFile,
      })
      await stack.detect()
    })
    afterAll(async () => {
      await stack.stop()
      await rm(archive.root, { recursive: true, force: true })
    })

    const newest = async (runNumber: number): Promise<Run['latest'] | undefined> => {
      const { items } = await stack.get<{ items: Run[] }>('runs?instrument=ENGINX')
      return items.find((run) => run.runNumber === runNumber)?.latest
    }

    it('is detected, focused in the instrument’s environment, and published with its peaks and figures', async () => {
      await archive.writeLastrun('ENGINX', 241391)
      await stack.detect()
      await expect
        .poll(() => newest(241391), { timeout: 120_000, interval: 500 })
        .toMatchObject({ state: 'Completed', reason: null })
      const id = (await newest(241391))?.id ?? 0
      const reduction = await stack.get<Reduction>(`reductions/${id}`)
      expect(reduction).toMatchObject({ software })
      const { items } = await stack.get<{ items: ResultFile[] }>(`reductions/${id}/files`)
      expect(items.map(({ path, plot }) => [path, plot])).toEqual(
        expect.arrayContaining([
          ['ENGINX00241391_focused.json', 'plotly'],
          ['ENGINX00241391_focused.png', 'image'],
        ]),
      )
      const published = await fetch(`${stack.url}/api/v1/reductions/${id}/files/ENGINX00241391_focused.nxs`)
      const fetched = join(folder, 'published.nxs')
      await writeFile(fetched, new Uint8Array(await published.arrayBuffer()))
      await expectPeaks(fetched)
      const provenance = JSON.parse(
        await readFile(join(reduction.resultsPath ?? '', 'provenance.json'), 'utf8'),
      ) as unknown
      expect(JSON.stringify(provenance)).toContain('d_spacing.py')
    })
  })
})
