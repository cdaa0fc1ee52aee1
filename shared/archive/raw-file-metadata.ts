import type { Hdf5File } from './hdf5-file.ts'
import { runTimes } from './local-time.ts'

/** What a raw file says of its run; null where the file does not say it. */
export type RawFileMetadata = {
  /** `TOFRAW` for neutrons, `pulsedTD` for muons. */
  readonly definition: string | null
  readonly title: string | null
  /** experiment_identifier as it stands there; an RB number or any other text. */
  readonly experimentIdentifier: string | null
  readonly runNumber: number | null
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly durationSeconds: number | null
  readonly goodFrames: number | null
  readonly rawFrames: number | null
  /** µA·h */
  readonly protonCharge: number | null
  readonly beamline: string | null
  readonly userNames: readonly string[]
  readonly periods: number | null
}

/**
 * The entry that holds the run: usually `raw_data_1`, but any NXentry will do (`run` in old muon files). Undefined where there is none
 * that says at least its run number, start or title: such a file is none of ours, or not fully copied.
 */
export const findEntry = (file: Hdf5File): string | undefined => {
  const groups = file.groups('/')
  const isEntry = (group: string): boolean => file.attribute(`/${group}`, 'NX_class') === 'NXentry'
  const inOrder = [...groups].sort((left, right) => place(left, isEntry(left)) - place(right, isEntry(right)))
  return inOrder
    .map((group) => `/${group}`)
    .find((entry) => essentials.some((path) => file.text(`${entry}/${path}`) !== null))
}

const essentials = ['run_number', 'number', 'start_time', 'title']
const place = (group: string, isEntry: boolean): number => (group === 'raw_data_1' ? 0 : isEntry ? 1 : 2)

/** Reads the metadata of the run in `entry`. Paths that come second are those of the first version of muon files. */
export const readMetadata = (file: Hdf5File, entry: string): RawFileMetadata => {
  const text = (...paths: readonly string[]): string | null => {
    for (const path of paths) {
      const found = file.text(`${entry}/${path}`)
      if (found !== null) return found.trim()
    }
    return null
  }
  const number = (...paths: readonly string[]): number | null => {
    for (const path of paths) {
      const found = file.number(`${entry}/${path}`)
      if (found !== null) return found
    }
    return null
  }
  const whole = (...paths: readonly string[]): number | null => {
    const found = number(...paths)
    return found === null ? null : Math.round(found)
  }
  const durationSeconds = number('duration')
  return {
    definition: text('definition', 'analysis'),
    title: text('title'),
    experimentIdentifier: text('experiment_identifier', 'user/experiment_number'),
    runNumber: whole('run_number', 'number'),
    ...runTimes(text('start_time'), text('end_time', 'stop_time'), durationSeconds),
    durationSeconds,
    goodFrames: whole('good_frames', 'instrument/beam/frames_good'),
    rawFrames: whole('raw_frames', 'instrument/beam/frames'),
    protonCharge: inMicroampHours(number('proton_charge'), file.attribute(`${entry}/proton_charge`, 'units')),
    beamline: text('beamline', 'instrument/name', 'name') || null,
    userNames: readUserNames(file, entry),
    periods: whole('periods/number'),
  }
}

/** `uAh`, `uamp.hour` and no unit at all are µA·h; other units of charge are converted, unknown ones taken as they stand. */
const inMicroampHours = (charge: number | null, units: string | null): number | null => {
  if (charge === null) return null
  switch ((units ?? '').replace(/[\s.*·_-]/g, '').toLowerCase()) {
    case 'mah':
    case 'mamphour':
      return charge * 1e3
    case 'ah':
    case 'amphour':
      return charge * 1e6
    case 'c':
    case 'coulomb':
      return charge / 3.6e-3
    default:
      return charge
  }
}

const readUserNames = (file: Hdf5File, entry: string): readonly string[] => {
  const users = file.groups(entry, /^user(_[0-9]+)?$/)
  const names = users.flatMap((group) => (file.text(`${entry}/${group}/name`) ?? '').split(','))
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))]
}
