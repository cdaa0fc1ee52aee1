import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const makeRawFiles = join(import.meta.dirname, '..', 'end-to-end', 'make-raw-files.py')

export const instruments = ['GEM', 'LET', 'MAPS', 'WISH'] as const
export type Instrument = (typeof instruments)[number]

/** An archive whose instruments measure when told to. */
export type Archive = {
  readonly root: string
  /** Writes raw files, which nothing announces yet. */
  readonly makeRuns: (runNumbers: readonly number[]) => Promise<void>
  /** What `lastrun.txt` of an instrument says from now on. */
  readonly announce: (instrument: Instrument, runNumber: number) => Promise<void>
  /** How long scripts take from now on: run number modulo the length of the list. */
  readonly setScript: (seconds: readonly number[]) => Promise<void>
}

export const makeArchive = async (root: string, python: string): Promise<Archive> => {
  const folder = (instrument: Instrument, ...path: string[]): string => join(root, `NDX${instrument}`, ...path)
  for (const instrument of instruments) {
    await mkdir(folder(instrument, 'Instrument', 'logs'), { recursive: true })
    await mkdir(folder(instrument, 'Instrument', 'data', 'cycle_26_1'), { recursive: true })
    await mkdir(folder(instrument, 'user', 'scripts', 'autoreduction'), { recursive: true })
  }
  const script = await readFile(join(import.meta.dirname, 'reduce.py'), 'utf8')
  return {
    root,
    makeRuns: async (runNumbers) => {
      for (const instrument of instruments) {
        const data = folder(instrument, 'Instrument', 'data', 'cycle_26_1')
        await run(python, [makeRawFiles, data, instrument, '1234567', ...runNumbers.map(String)])
      }
    },
    announce: (instrument, runNumber) =>
      writeFile(
        folder(instrument, 'Instrument', 'logs', 'lastrun.txt'),
        `${instrument} ${String(runNumber).padStart(8, '0')} 0 \n`,
      ),
    setScript: async (seconds) => {
      const text = script.replace(/^SECONDS = .*$/m, `SECONDS = ${JSON.stringify(seconds)}`)
      for (const instrument of instruments)
        await writeFile(folder(instrument, 'user', 'scripts', 'autoreduction', 'reduce.py'), text)
    },
  }
}
