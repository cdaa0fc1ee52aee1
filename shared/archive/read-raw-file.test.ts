import { execFile, execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { ready, File } from 'h5wasm/node'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import type { RawFileReading } from './raw-file-reading.ts'
import { readRawFile } from './read-raw-file.ts'

let folder: string
let next = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raw-files-'))
  await ready
})
afterAll(() => rm(folder, { recursive: true }))

const make = (fill: (file: File) => void): string => {
  const path = join(folder, `MARI${String((next += 1)).padStart(8, '0')}.nxs`)
  const file = new File(path, 'w')
  fill(file)
  file.close()
  return path
}
const entryOf = (file: File, name = 'raw_data_1') => {
  const entry = file.create_group(name)
  entry.create_attribute('NX_class', 'NXentry')
  return entry
}
const kindOf = async (path: string, run = 5): Promise<RawFileReading['kind']> => (await readRawFile(path, run)).kind

const metadataOf = async (path: string, run: number) => {
  const reading = await readRawFile(path, run)
  if (reading.kind !== 'read') throw new Error(`${reading.kind}: ${reading.reason}`)
  return reading.metadata
}

describe('a raw file of unusual make', () => {
  it('is read whatever the form of its fields', async () => {
    const path = make((file) => {
      const entry = entryOf(file, 'measurement_1')
      entry.create_dataset({ name: 'title', data: 'scalar of variable length, 25 µm' })
      entry.create_dataset({ name: 'experiment_identifier', data: new Int32Array([2010337]) })
      entry.create_dataset({ name: 'run_number', data: new Float64Array([1234]) })
      entry.create_dataset({ name: 'start_time', data: ['2023-06-26T15:04:46'], dtype: 'S25' })
      entry.create_dataset({ name: 'good_frames', data: new BigUint64Array([10109n]), shape: [1, 1] })
      entry.create_dataset({ name: 'raw_frames', data: '10115' })
      entry.create_dataset({ name: 'duration', data: 'not measured' })
      entry.create_dataset({ name: 'proton_charge', data: 12.5 })
      const user = entry.create_group('user_1')
      user.create_dataset({ name: 'name', data: ['Curie, Meitner ,'], dtype: 'S20' })
    })
    expect(await metadataOf(path, 1234)).toEqual({
      definition: null,
      title: 'scalar of variable length, 25 µm',
      experimentIdentifier: '2010337',
      runNumber: 1234,
      startedAt: new Date('2023-06-26T14:04:46Z'),
      endedAt: null,
      durationSeconds: null,
      goodFrames: 10109,
      rawFrames: 10115,
      protonCharge: 12.5,
      beamline: null,
      userNames: ['Curie', 'Meitner'],
      periods: null,
    })
  })

  it('has its title read as UTF-8 where it is, else as Latin-1, whatever character set it claims', async () => {
    const title = async (bytes: Buffer, dtype: string): Promise<string | null> => {
      // A text of that many bytes is written and then replaced: the library itself writes UTF-8 only.
      const placeholder = 'x'.repeat(bytes.length)
      const path = make((file) => entryOf(file).create_dataset({ name: 'title', data: [placeholder], dtype }))
      const content = readFileSync(path)
      bytes.copy(content, content.indexOf(placeholder))
      writeFileSync(path, content)
      return (await metadataOf(path, 5)).title
    }
    expect(await title(Buffer.from('Å at 25 °C', 'utf8'), 'A12')).toBe('Å at 25 °C')
    expect(await title(Buffer.from('Å at 25 °C', 'latin1'), 'A10')).toBe('Å at 25 °C')
    expect(await title(Buffer.from('Å at 25 °C', 'latin1'), 'S10')).toBe('Å at 25 °C')
  })

  it('may be an old muon file in HDF5', async () => {
    const path = make((file) => {
      const entry = entryOf(file, 'run')
      entry.create_dataset({ name: 'analysis', data: ['muonTD'], dtype: 'A6' })
      entry.create_dataset({ name: 'number', data: new Int32Array([6473]) })
      entry.create_dataset({ name: 'start_time', data: ['2005-02-10T08:02:33'], dtype: 'A19' })
      entry.create_dataset({ name: 'stop_time', data: ['2005-02-10T08:32:33'], dtype: 'A19' })
      entry.create_group('user').create_dataset({ name: 'experiment_number', data: ['1234567'], dtype: 'A7' })
    })
    expect(await metadataOf(path, 6473)).toMatchObject({
      definition: 'muonTD',
      runNumber: 6473,
      experimentIdentifier: '1234567',
      endedAt: new Date('2005-02-10T08:32:33Z'),
    })
  })

  it('has its charge in µA·h whatever its unit', async () => {
    const charge = async (units: string | undefined): Promise<number | null> => {
      const path = make((file) => {
        const entry = entryOf(file)
        entry.create_dataset({ name: 'run_number', data: 5 })
        const dataset = entry.create_dataset({ name: 'proton_charge', data: 9 })
        if (units !== undefined) dataset.create_attribute('units', units)
      })
      return (await metadataOf(path, 5)).protonCharge
    }
    expect(await charge('uAh')).toBe(9)
    expect(await charge('uamp.hour')).toBe(9)
    expect(await charge(undefined)).toBe(9)
    expect(await charge('mAh')).toBe(9000)
    expect(await charge('C')).toBeCloseTo(2500)
  })

  it('does not need to say its run number', async () => {
    const path = make((file) => entryOf(file).create_dataset({ name: 'title', data: 'empty can' }))
    expect(await metadataOf(path, 5)).toMatchObject({ title: 'empty can', runNumber: null })
  })
})

describe('a file that is no raw file yet', () => {
  const whole = (): string =>
    make((file) => {
      const entry = entryOf(file)
      entry.create_dataset({ name: 'run_number', data: 5 })
      entry.create_dataset({ name: 'counts', data: new Int32Array(20_000).fill(1) })
    })

  it('is incomplete when cut off anywhere', async () => {
    const content = readFileSync(whole())
    const path = join(folder, 'cut.nxs')
    for (const part of [0.02, 0.3, 0.7, 0.999]) {
      writeFileSync(path, content.subarray(0, Math.floor(content.length * part)))
      const reading = await readRawFile(path, 5)
      expect(reading.kind).toBe('incomplete')
      expect(reading).toHaveProperty('reason', expect.stringContaining(`of its ${content.length} bytes`))
      expect(reading).toHaveProperty('file.sizeBytes', Math.floor(content.length * part))
    }
  })

  it('is neither read nor skipped for good while its end is zeros though its size is right', async () => {
    const content = readFileSync(whole())
    const path = join(folder, 'hole.nxs')
    for (const part of [0, 0.002, 0.005, 0.01, 0.02]) {
      writeFileSync(path, Buffer.from(content).fill(0, Math.floor(content.length * part)))
      expect(['not-hdf5', 'incomplete', 'not-nexus']).toContain(await kindOf(path))
    }
  })

  it('tells when the library failed on it, since a process may then hold the file open', async () => {
    const content = readFileSync(whole())
    const path = join(folder, 'broken.nxs')
    writeFileSync(path, Buffer.from(content).fill(0xff, 96, 1500))
    const libraryFailed = vi.fn()
    expect((await readRawFile(path, 5, libraryFailed)).kind).toBe('incomplete')
    expect(libraryFailed).toHaveBeenCalledOnce()
  })

  it('is not HDF5 when it holds anything else, with its size and time to tell whether it grows', async () => {
    const path = join(folder, 'text.nxs')
    writeFileSync(path, 'PK not a measurement')
    expect(await readRawFile(path, 5)).toEqual({
      kind: 'not-hdf5',
      file: { path, sizeBytes: 20, modifiedAt: expect.any(Date) },
      reason: expect.stringContaining('text.nxs is not a NeXus file'),
    })
    writeFileSync(path, '')
    expect(await readRawFile(path, 5)).toMatchObject({ kind: 'not-hdf5', reason: expect.stringContaining('is empty') })
  })

  it('is not NeXus without an entry that tells of a run', async () => {
    expect(await kindOf(make((file) => void file.create_group('nothing')))).toBe('not-nexus')
    expect(await kindOf(make(() => undefined))).toBe('not-nexus')
  })

  it('is HDF4 by its first four bytes', async () => {
    const path = join(folder, 'old.nxs')
    writeFileSync(path, Buffer.from([0x0e, 0x03, 0x13, 0x01, 0, 0]))
    expect(await readRawFile(path, 5)).toMatchObject({ kind: 'hdf4', reason: expect.stringContaining('HDF4') })
  })

  it('is refused in words when it holds another run', async () => {
    const path = whole()
    expect(await readRawFile(path, 6)).toMatchObject({
      kind: 'run-number-mismatch',
      reason: expect.stringContaining('says that it holds run 5, not 6'),
    })
  })

  it('is changing when it is written to meanwhile', async () => {
    const path = whole()
    let isOver = false
    const write = (): void => {
      if (isOver) return
      appendFileSync(path, 'x')
      setImmediate(write)
    }
    write()
    expect(await kindOf(path)).toBe('changing')
    isOver = true
  })

  it('is unreadable, in words, when it is no file at all', async () => {
    const at = (name: string): string => join(folder, name)
    mkdirSync(at('directory.nxs'))
    execFileSync('mkfifo', [at('pipe.nxs')])
    symlinkSync(at('loop.nxs'), at('loop.nxs'))
    symlinkSync(at('nothing'), at('dangling.nxs'))
    expect(await readRawFile(at('directory.nxs'), 5)).toMatchObject({ kind: 'unreadable', reason: /is a directory/ })
    expect(await readRawFile(at('pipe.nxs'), 5)).toMatchObject({ kind: 'unreadable', reason: /is a named pipe/ })
    expect(await readRawFile(at('loop.nxs'), 5)).toMatchObject({ kind: 'unreadable', reason: /leads to itself/ })
    expect(await readRawFile(at('dangling.nxs'), 5)).toMatchObject({ kind: 'absent' })
  })

  it.skipIf(process.getuid?.() === 0)('is unreadable where permission lacks', async () => {
    const path = whole()
    chmodSync(path, 0)
    expect(await readRawFile(path, 5)).toMatchObject({ kind: 'unreadable', reason: /permission denied/ })
  })
})

const archive = join(import.meta.dirname, '../../../shared/data/isis')
const realFiles = existsSync(archive)
  ? readdirSync(archive, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.nxs'))
  : []

// What h5py reads, with times left as they stand.
const h5py = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as file:
    entry = file[list(file)[0]]
    def value(path):
        if path not in entry: return None
        one = entry[path][()]
        one = one.ravel()[0] if getattr(one, 'shape', ()) else one
        return one.decode() if isinstance(one, bytes) else one.item()
    fields = ['definition', 'title', 'experiment_identifier', 'run_number', 'start_time', 'end_time', 'duration', 'good_frames',
              'raw_frames', 'proton_charge', 'beamline', 'user_1/name', 'periods/number']
    print(json.dumps({field: value(field) for field in fields}))
`

describe.skipIf(realFiles.length === 0)(
  'the real files of the archive (skipped where ../shared/data/isis is not there)',
  () => {
    const inLondon = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/London',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    const asWritten = (time: Date | null): string | null =>
      time === null ? null : inLondon.format(time).replace(' ', 'T')

    it.each(realFiles.filter((path) => !path.includes('ARGUS')))('%s says what h5py reads', async (path) => {
      const run = Number(/([0-9]+)\.nxs$/.exec(path)?.[1])
      const { stdout } = await promisify(execFile)(inject('python'), ['-c', h5py, join(archive, path)])
      const expected = JSON.parse(stdout) as Record<string, never>
      const reading = await readRawFile(join(archive, path), run)
      expect(reading.kind).toBe(basename(path) === 'IRIS00103225.nxs' ? 'run-number-mismatch' : 'read')
      if (!('metadata' in reading)) throw new Error(reading.reason)
      const { metadata } = reading
      expect({
        definition: metadata.definition,
        title: metadata.title,
        experiment_identifier: metadata.experimentIdentifier,
        run_number: metadata.runNumber,
        start_time: asWritten(metadata.startedAt),
        end_time: asWritten(metadata.endedAt),
        duration: metadata.durationSeconds,
        good_frames: metadata.goodFrames,
        raw_frames: metadata.rawFrames,
        proton_charge: metadata.protonCharge,
        beamline: metadata.beamline,
        'user_1/name': metadata.userNames.join(','),
        'periods/number': metadata.periods,
      }).toEqual({ ...expected, 'user_1/name': String(expected['user_1/name']).trim() })
    })

    it('ARGUS 44309 is HDF4', async () => {
      const path = realFiles.find((name) => name.includes('ARGUS')) ?? ''
      expect(await kindOf(join(archive, path), 44309)).toBe('hdf4')
    })
  },
)
