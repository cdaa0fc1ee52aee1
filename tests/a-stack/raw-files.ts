import { readFile, rm, writeFile, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { File, ready } from 'h5wasm/node'

/** Stands in the model where a file's run number goes; no other four bytes of it are the same. */
const placeholder = 1_234_567_890

/** Gives the bytes of a small raw file of any run: one is made, the others differ in their run number alone. */
export const openRawFileMaker = async (rbNumber: number): Promise<(runNumber: number) => Buffer> => {
  const model = await makeModel(String(rbNumber))
  const number = Buffer.alloc(4)
  number.writeInt32LE(placeholder)
  const at = model.indexOf(number)
  if (at === -1 || model.indexOf(number, at + 1) !== -1) throw new Error('the run number is not once in the raw file')
  return (runNumber) => {
    const bytes = Buffer.from(model)
    bytes.writeInt32LE(runNumber, at)
    return bytes
  }
}

const makeModel = async (rbNumber: string): Promise<Buffer> => {
  await ready
  const folder = await mkdtemp(join(tmpdir(), 'autoreduction-model-'))
  const path = join(folder, 'model.nxs')
  try {
    const file = new File(path, 'w')
    const entry = file.create_group('raw_data_1')
    entry.create_attribute('NX_class', 'NXentry')
    const texts = {
      definition: 'TOFRAW',
      title: 'Made to measure by',
      experiment_identifier: rbNumber,
      start_time: '2026-03-01T10:00:00',
      end_time: '2026-03-01T10:05:00',
    }
    for (const [name, text] of Object.entries(texts)) entry.create_dataset({ name, data: [text] })
    const counts = { run_number: placeholder, good_frames: 100, raw_frames: 110 }
    for (const [name, count] of Object.entries(counts)) {
      entry.create_dataset({ name, data: new Int32Array([count]), shape: [1] })
    }
    for (const [name, value] of Object.entries({ proton_charge: 1.5, duration: 300 })) {
      entry.create_dataset({ name, data: new Float32Array([value]), shape: [1] })
    }
    file.close()
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes the raw files of these runs into a folder that is there. */
export const writeRawFiles = async (
  make: (runNumber: number) => Buffer,
  folder: string,
  instrument: string,
  runNumbers: readonly number[],
): Promise<void> => {
  for (const runNumber of runNumbers) {
    await writeFile(join(folder, rawFileName(instrument, runNumber)), make(runNumber))
  }
}

export const rawFileName = (instrument: string, runNumber: number): string =>
  `${instrument}${String(runNumber).padStart(8, '0')}.nxs`
