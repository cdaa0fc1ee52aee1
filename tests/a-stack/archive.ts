import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openRawFileMaker, rawFileName, writeRawFiles } from './raw-files.ts'

/** Does nothing: what a reduction with it costs is what the service costs. */
export const noopScript = 'def main(input_file, output_dir):\n    pass\n'

/** The experiment of all runs that are made here. */
export const rbNumber = 1_234_567

/** An archive laid out as the facility's, whose instruments measure when told to. */
export const makeArchive = async (folder: string) => {
  const root = join(folder, 'archive')
  const instrumentsFile = join(folder, 'instruments.yml')
  await mkdir(root)
  await writeFile(instrumentsFile, '[]')
  const makeRawFile = await openRawFileMaker(rbNumber)
  const below = (instrument: string, ...parts: string[]): string => join(root, `NDX${instrument}`, ...parts)
  const lastrunPath = (instrument: string): string => below(instrument, 'Instrument', 'logs', 'lastrun.txt')
  const dataFolder = (instrument: string): string => below(instrument, 'Instrument', 'data', 'cycle_26_1')

  const setScript = async (instruments: readonly string[], script: string): Promise<void> => {
    for (const instrument of instruments) {
      await writeFile(below(instrument, 'user', 'scripts', 'autoreduction', 'reduce.py'), script)
    }
  }
  /** As the control system does: over the old text. @returns the time of the change */
  const announce = async (instrument: string, lastRun: number): Promise<number> => {
    const at = Date.now()
    await writeFile(lastrunPath(instrument), counterText(instrument, lastRun))
    return at
  }
  return {
    root,
    /** What `watch` writes. */
    instrumentsFile,
    lastrunPath,
    counterText,
    rawFileBytes: makeRawFile,
    rawFilePath: (instrument: string, runNumber: number): string =>
      join(dataFolder(instrument), rawFileName(instrument, runNumber)),
    addInstruments: async (instruments: readonly string[], lastRun: number, script = noopScript): Promise<void> => {
      for (const instrument of instruments) {
        await mkdir(dataFolder(instrument), { recursive: true })
        await mkdir(below(instrument, 'Instrument', 'logs'), { recursive: true })
        await mkdir(below(instrument, 'user', 'scripts', 'autoreduction'), { recursive: true })
        await announce(instrument, lastRun)
      }
      await setScript(instruments, script)
    },
    /** Writes raw files, which nothing announces yet. */
    addRuns: (instrument: string, runNumbers: readonly number[]): Promise<void> =>
      writeRawFiles(makeRawFile, dataFolder(instrument), instrument, runNumbers),
    announce,
    setScript,
    /** Has these instruments watched, and no others, where the stack was started with `watches: 'file'`. */
    watch: (instruments: readonly string[], flat: readonly string[] = []): Promise<void> =>
      writeFile(
        instrumentsFile,
        JSON.stringify(instruments.map((name) => ({ name, gapLimit: 10_000, flat: flat.includes(name) }))),
      ),
  }
}

export type Archive = Awaited<ReturnType<typeof makeArchive>>

const counterText = (instrument: string, lastRun: number): string =>
  `${instrument} ${String(lastRun).padStart(8, '0')} 0 \n`
