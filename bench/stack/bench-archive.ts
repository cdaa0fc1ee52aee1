import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRawFileMaker, writeRawFiles } from './raw-files.ts'

/** Does nothing: what a reduction with it costs is what the service costs. */
export const noopScript = 'def main(input_file, output_dir):\n    pass\n'

/** An archive laid out as the facility's, and the file that says which of its instruments are watched. */
export const makeBenchArchive = async (folder: string) => {
  const root = join(folder, 'archive')
  const instrumentsFile = join(folder, 'instruments.yml')
  await mkdir(root)
  await writeFile(instrumentsFile, '[]')
  const makeRawFile = await openRawFileMaker()
  const below = (instrument: string, ...parts: string[]): string => join(root, `NDX${instrument}`, ...parts)
  const dataFolder = (instrument: string): string => below(instrument, 'Instrument', 'data', 'cycle_26_1')

  return {
    root,
    instrumentsFile,
    addInstruments: async (instruments: readonly string[], lastRun: number): Promise<void> => {
      for (const instrument of instruments) {
        await mkdir(dataFolder(instrument), { recursive: true })
        await mkdir(below(instrument, 'Instrument', 'logs'), { recursive: true })
        await mkdir(below(instrument, 'user', 'scripts', 'autoreduction'), { recursive: true })
        await writeFile(below(instrument, 'user', 'scripts', 'autoreduction', 'reduce.py'), noopScript)
        await writeFile(below(instrument, 'Instrument', 'logs', 'lastrun.txt'), counter(instrument, lastRun))
      }
    },
    addRuns: (instrument: string, runNumbers: readonly number[]): Promise<void> =>
      writeRawFiles(makeRawFile, dataFolder(instrument), instrument, runNumbers),
    /** By rename, so that nobody reads half of it; gives the time of the change. */
    announce: async (instrument: string, lastRun: number): Promise<number> => {
      const path = below(instrument, 'Instrument', 'logs', 'lastrun.txt')
      await writeFile(`${path}.new`, counter(instrument, lastRun))
      const at = Date.now()
      await rename(`${path}.new`, path)
      return at
    },
    watch: (instruments: readonly string[]): Promise<void> =>
      writeFile(instrumentsFile, JSON.stringify(instruments.map((name) => ({ name, gapLimit: 10_000 })))),
  }
}

export type BenchArchive = Awaited<ReturnType<typeof makeBenchArchive>>

const counter = (instrument: string, lastRun: number): string =>
  `${instrument} ${String(lastRun).padStart(8, '0')} 0 \n`
