import { isDeepStrictEqual } from 'node:util'
import { instrumentSettingsSchema, type InstrumentSettings } from '#contracts/instruments-file.ts'
import type { WatchedInstrument } from '#database/queries/instruments-watched.ts'

/** What must be written so that the database agrees with the file and the archive; empty lists when nothing changed. */
export type InstrumentChanges = {
  readonly configure: readonly InstrumentSettings[]
  readonly offer: readonly InstrumentSettings[]
  readonly deactivate: readonly string[]
}

const settingsOf = (known: InstrumentSettings): InstrumentSettings => {
  const { name, active, flat, prefixes, timeLimitSeconds, waitHours, gapLimit, software } = known
  return { name, active, flat, prefixes, timeLimitSeconds, waitHours, gapLimit, software }
}

/**
 * Compares what is known with INSTRUMENTS_FILE and with the folders found in the archive. A file says all that is watched: what it does not
 * name is switched off. Folders found are offered: they get a row, and are watched at once only where `watchesFound` says so. What was
 * decided later about an offered instrument is kept.
 * @param file undefined where there is none, or none that can be understood
 */
export const decideInstruments = (
  known: readonly WatchedInstrument[],
  file: readonly InstrumentSettings[] | undefined,
  found: readonly string[],
  watchesFound: boolean,
): InstrumentChanges => {
  const byName = new Map(known.map((one) => [one.name, one]))
  const isWritten = (wanted: InstrumentSettings): boolean => {
    const now = byName.get(wanted.name)
    return now?.origin === 'file' && isDeepStrictEqual(settingsOf(now), settingsOf(wanted))
  }
  const inFile = new Set(file?.map(({ name }) => name))
  return {
    configure: (file ?? []).filter((wanted) => !isWritten(wanted)),
    offer: found
      .filter((name) => !byName.has(name) && !inFile.has(name))
      .map((name) => instrumentSettingsSchema.parse({ name, active: watchesFound })),
    deactivate: file ? known.filter(({ name, active }) => active && !inFile.has(name)).map(({ name }) => name) : [],
  }
}
