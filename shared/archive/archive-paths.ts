import { join } from 'node:path'
import { archiveFolder } from '#domain/instrument-names.ts'

/** Where an instrument's things lie below the archive's root (domain reference, sections 2 and 3). */
export const lastrunPath = (root: string, instrument: string): string =>
  join(root, archiveFolder(instrument), 'Instrument', 'logs', 'lastrun.txt')

export const dataFolder = (root: string, instrument: string): string =>
  join(root, archiveFolder(instrument), 'Instrument', 'data')

export const scriptFolder = (root: string, instrument: string): string =>
  join(root, archiveFolder(instrument), 'user', 'scripts', 'autoreduction')
