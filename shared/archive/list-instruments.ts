import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { describeFileFault } from './file-faults.ts'

export type InstrumentList =
  | { readonly kind: 'listed'; readonly instruments: readonly string[] }
  | { readonly kind: 'problem'; readonly reason: string }

const nameOfFolder = (entry: Dirent): string | undefined =>
  entry.name.length > 3 && entry.name.startsWith('NDX') && (entry.isDirectory() || entry.isSymbolicLink())
    ? parseInstrumentName(entry.name)
    : undefined

/** The instruments that have a folder `NDX…` in the archive. */
export const listInstruments = async (root: string): Promise<InstrumentList> => {
  try {
    const entries = await readdir(root, { withFileTypes: true })
    const names = entries.map(nameOfFolder).filter((name) => name !== undefined)
    return { kind: 'listed', instruments: [...new Set(names)].sort() }
  } catch (fault) {
    return {
      kind: 'problem',
      reason: `The archive ${root} ${describeFileFault(fault)}. Check that it is mounted and that ARCHIVE_ROOT names it.`,
    }
  }
}
