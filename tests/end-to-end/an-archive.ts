import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { inject } from 'vitest'

const run = promisify(execFile)
const here = import.meta.dirname

/** An archive in a folder of its own, laid out as the facility's. */
export const makeArchive = async () => {
  const root = await mkdtemp(join(tmpdir(), 'autoreduction-archive-'))
  const instrumentFolder = (instrument: string): string => join(root, `NDX${instrument}`)
  const archive = {
    root,
    copyFrom: async (source: string): Promise<void> => {
      await cp(source, root, { recursive: true })
      // What may only be read there is written to here, by a plain user too.
      await run('chmod', ['-R', 'u+rwX', root])
    },
    lastrunPath: (instrument: string): string =>
      join(instrumentFolder(instrument), 'Instrument', 'logs', 'lastrun.txt'),
    writeLastrun: async (instrument: string, runNumber: number): Promise<void> => {
      await mkdir(join(instrumentFolder(instrument), 'Instrument', 'logs'), { recursive: true })
      await writeFile(archive.lastrunPath(instrument), `${instrument} ${String(runNumber).padStart(8, '0')} 0 \n`)
    },
    writeScript: async (instrument: string, text?: string): Promise<void> => {
      await archive.writeScripts(instrument, {
        'reduce.py': text ?? (await readFile(join(here, 'reduce-any.py'), 'utf8')),
      })
    },
    /** `reduce.py` with what lies beside it. */
    writeScripts: async (instrument: string, files: Readonly<Record<string, string>>): Promise<void> => {
      const folder = join(instrumentFolder(instrument), 'user', 'scripts', 'autoreduction')
      await mkdir(folder, { recursive: true })
      for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
    },
    makeRuns: async (instrument: string, rbNumber: string, runNumbers: readonly number[]): Promise<void> => {
      const folder = join(instrumentFolder(instrument), 'Instrument', 'data', 'cycle_26_1')
      await mkdir(folder, { recursive: true })
      await run(inject('python'), [
        join(here, 'make-raw-files.py'),
        folder,
        instrument,
        rbNumber,
        ...runNumbers.map(String),
      ])
    },
  }
  return archive
}

export type MadeArchive = Awaited<ReturnType<typeof makeArchive>>

export type FileFacts = {
  readonly title: string
  readonly experiment_identifier: string
  readonly run_number: number
  readonly start_time: string
  readonly end_time: string
  readonly good_frames: number
  readonly raw_frames: number
  readonly proton_charge: number
}

/** What h5py reads of raw files, by path. */
export const readWithH5py = async (paths: readonly string[]): Promise<Record<string, FileFacts>> => {
  const { stdout } = await run(inject('python'), [join(here, 'read-with-h5py.py'), ...paths])
  return JSON.parse(stdout) as Record<string, FileFacts>
}
