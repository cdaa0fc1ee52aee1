import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Environment } from '#contracts/environments.ts'
import { openEnvironmentPlaces } from '../../functions/process/environment-places.ts'
import { aheadLauncher } from '../../functions/process/launch-ahead.ts'
import { bubblewrapLauncher } from '../../functions/process/launch-bubblewrap.ts'
import { plainLauncher } from '../../functions/process/launch-plain.ts'
import { preparedLauncher, type PreparedLauncher } from '../../functions/process/launch-prepared.ts'
import type { Launcher } from '../../functions/process/launcher.ts'
import { openScratch } from '../../functions/process/scratch.ts'
import { pssOf } from '../../local/processes/memory-of.ts'
import { runToEnd } from '../../local/processes/run-to-end.ts'
import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { middle, numbersFrom, percentile } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { newestReduction, submitDetected, submitRuns, untilCompleted } from './reductions.ts'

const instrument = 'FIRSTLINE'
const [rounds, preparedEach, claims, forMemory] = [10, 6, 30, 200]
const longestMs = 40_000

/** The time of its first line, and of the first line behind its imports. */
const script = `import time
began = time.time()
import numpy, h5py, matplotlib.pyplot
imported = time.time()

def main(input_file, output_dir):
    with open(output_dir + 'times', 'w') as file:
        print(repr(began), repr(imported), file=file)
`

type Times = { readonly began: number; readonly imported: number }

/**
 * How long a script that imports numpy, h5py and matplotlib waits for its first line and for the one behind its imports: as a fork of a prepared
 * interpreter, in one that was started ahead, under bubblewrap and as a plain process, by turns with a bare `python3 reduce.py`; then in the whole service, from the claim.
 */
export const firstLine: Measurement = {
  name: 'first-line',
  measure: async (stack) => [...(await byWays(stack)), ...(await fromClaim(stack))],
}

const byWays = async (stack: BenchStack): Promise<readonly Figure[]> => {
  const folder = join(stack.folder, 'first-line')
  const scratch = await openScratch(join(folder, 'scratch'))
  const places = await openEnvironmentPlaces(scratch, { readable: [], hidden: [] })
  const prepared = preparedLauncher(scratch.directory, places, (message) => console.error(message))
  const ahead = aheadLauncher(places, (message) => console.error(message))
  const [bubblewrap, plain] = [bubblewrapLauncher('bwrap', places), plainLauncher(scratch)]
  try {
    const { software } = stack
    await prepared.prepare(software)
    await places.listFonts(software)
    const times: Record<'prepared' | 'ahead' | 'bubblewrap' | 'plain' | 'bare', Times[]> = {
      ...{ prepared: [], ahead: [], bubblewrap: [], plain: [], bare: [] },
    }
    const until = performance.now() + longestMs
    // The first of each starts and compiles what the others find.
    for (let round = -1; round < rounds && (round < 1 || performance.now() < until); round += 1) {
      for (const [way, launcher, count] of [
        ['prepared', prepared, preparedEach],
        ['ahead', ahead, 1],
        ['bubblewrap', bubblewrap, 1],
        ['plain', plain, 1],
      ] as const) {
        for (let turn = 0; turn < count; turn += 1) {
          // One that is ready: what a script waits for where they come seldom. The next one's imports begin beside it.
          if (way === 'ahead') await ahead.prepare(software)
          const one = await launchOnce(launcher, software, folder)
          if (round >= 0) times[way].push(one)
        }
        if (way === 'ahead') ahead.keepOnly([])
      }
      const bare = await bareOnce(software, folder)
      if (round >= 0) times.bare.push(bare)
    }
    return [
      ...figuresOf('prepared', times.prepared, 50),
      ...figuresOf('ahead', times.ahead, 50),
      ...figuresOf('bubblewrap', times.bubblewrap),
      ...figuresOf('plain', times.plain),
      ...figuresOf('bare-python', times.bare),
      {
        name: 'first-line-prepared-of-bare',
        value: middle(importedIn(times.prepared)) / middle(importedIn(times.bare)),
        unit: 'ratio',
      },
      ...(await growthOf(prepared, software, folder)),
    ]
  } finally {
    await Promise.all([prepared.close(), ahead.close()])
    await scratch.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const importedIn = (times: readonly Times[]): readonly number[] => times.map(({ imported }) => imported)

const figuresOf = (way: string, times: readonly Times[], target?: number): readonly Figure[] => {
  const [began, imported] = [times.map((one) => one.began), importedIn(times)]
  return [
    {
      name: `first-line-${way}`,
      value: middle(imported),
      unit: 'ms',
      ...(target !== undefined && { target }),
      note: `behind its imports; 90th percentile ${Math.round(percentile(imported, 0.9))}, its first line of all ${middle(began).toFixed(1)}`,
    },
  ]
}

let launches = 0

const launchOnce = async (launcher: Launcher, software: Environment, folder: string): Promise<Times> => {
  launches += 1
  const output = join(folder, `output-${launches}`)
  await mkdir(output)
  const calledAt = now()
  const { ended } = launcher.launch({
    software,
    name: `${launches}-1`,
    script: [{ name: 'reduce.py', base64: Buffer.from(script).toString('base64') }],
    job: { mode: 'reduce', inputFile: '/archive/nothing.nxs', outputDirectory: join(output, '/'), given: [] },
    limits: { temporaryBytes: 64 * 1024 ** 2 },
    onLog: () => Promise.resolve(),
    onReport: () => undefined,
  })
  const end = await ended
  if (end.kind !== 'ended') throw new Error(`a script could not be run: ${JSON.stringify(end)}`)
  const times = since(calledAt, await readFile(join(output, 'times'), 'utf8'))
  await rm(output, { recursive: true })
  return times
}

const bareOnce = async ({ interpreter }: Environment, folder: string): Promise<Times> => {
  const path = join(folder, 'bare-reduce.py')
  await writeFile(path, `${script}\nmain("input", "./")\n`)
  const calledAt = now()
  await runToEnd(interpreter, [path], { directory: folder })
  return since(calledAt, await readFile(join(folder, 'times'), 'utf8'))
}

const now = (): number => performance.timeOrigin + performance.now()

const since = (calledAtMs: number, text: string): Times => {
  const [began = Number.NaN, imported = Number.NaN] = text
    .split(' ')
    .map((seconds) => Number(seconds) * 1000 - calledAtMs)
  return { began, imported }
}

/** Is the interpreter that forks as large as before when many reductions have come from it? */
const growthOf = async (
  prepared: PreparedLauncher,
  software: Environment,
  folder: string,
): Promise<readonly Figure[]> => {
  const size = async (): Promise<number> =>
    (await Promise.all((await prepared.pids()).map(pssOf))).reduce((sum, one) => sum + one, 0)
  const before = await size()
  for (let done = 0; done < forMemory; done += 4) {
    await Promise.all(numbersFrom(0, 4).map(() => launchOnce(prepared, software, folder)))
  }
  const after = await size()
  return [
    { name: 'prepared-interpreter', value: after, unit: 'MiB', note: `after ${forMemory} reductions more` },
    { name: 'prepared-interpreter-growth', value: after / before, unit: 'ratio', target: 1.1 },
  ]
}

/** One at a time on an idle stack: from the moment that the database gave it to a processor. */
const fromClaim = async (stack: BenchStack): Promise<readonly Figure[]> => {
  await watchOnly(stack, [instrument], 100)
  await stack.archive.setScript([instrument], script)
  await stack.archive.addRuns(instrument, [1])
  const isWarm = await newestReduction(stack)
  await submitDetected(stack, instrument, [1])
  await untilCompleted(stack, isWarm, 1, { everyMs: 50, withinMs: 60_000 })
  const times: Times[] = []
  const until = performance.now() + longestMs
  for (let round = 0; round < claims && performance.now() < until; round += 1) {
    const before = await newestReduction(stack)
    await submitRuns(stack, instrument, '1')
    const [ended] = await untilCompleted(stack, before, 1, { everyMs: 25, withinMs: 30_000 })
    times.push(
      since(ended?.startedAt ?? Number.NaN, await readFile(join(await resultsOf(stack, before), 'times'), 'utf8')),
    )
  }
  return figuresOf('from-claim', times, 50)
}

const resultsOf = async ({ database }: BenchStack, since: number): Promise<string> => {
  const [row] = await database.rows(
    z.object({ path: z.string() }),
    'SELECT results_path AS path FROM reductions WHERE id > ?',
    [since],
  )
  if (!row) throw new Error('a reduction vanished')
  return row.path
}
