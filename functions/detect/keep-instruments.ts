import type { Readers } from '#archive/readers/open-readers.ts'
import type { Database } from '#database/connection.ts'
import { configureInstruments, deactivateInstruments } from '#database/queries/instruments-configure.ts'
import { watchedInstruments, type WatchedInstrument } from '#database/queries/instruments-watched.ts'
import { endNotices } from '#database/queries/notices-end.ts'
import { openKeyOf, openNoticeKeys, raiseNotices, type RaisedNotice } from '#database/queries/notices-raise.ts'
import { counterNoticeKeys } from './counter-messages.ts'
import { decideInstruments } from './decide-instruments.ts'
import { readInstrumentsFile } from './read-instruments-file.ts'

export type InstrumentSources = {
  readonly database: Database
  readonly readers: Readers
  readonly instrumentsFile: string | undefined
  /** Instruments found in the archive are watched at once, unless a file says otherwise. */
  readonly watchesFound: boolean
}

export type KeptInstruments = {
  readonly instruments: readonly WatchedInstrument[]
  /** Keys of the notices that stand open. */
  readonly open: ReadonlySet<string>
  readonly problems: readonly RaisedNotice[]
}

/**
 * Brings the instruments in the database up to date with INSTRUMENTS_FILE and the archive's folders, and gives them with their cursors. A file
 * that is wrong changes nothing and is reported; so is an archive that cannot be listed.
 */
export const keepInstruments = async (sources: InstrumentSources): Promise<KeptInstruments> => {
  const { database } = sources
  const [known, open, file, found] = await Promise.all([
    watchedInstruments(database),
    openNoticeKeys(database),
    readFile(sources),
    listFound(sources.readers),
  ])
  const problems = [...file.problems, ...found.problems]
  const changes = decideInstruments(known, file.instruments, found.instruments, sources.watchesFound && !file.isGiven)
  const inactive = new Set(known.filter(({ active }) => !active).map(({ name }) => name))
  for (const name of changes.deactivate) inactive.add(name)
  const told = new Set(problems.map(openKeyOf))
  const over = [
    ...[fileKey, archiveKey].filter((key) => !told.has(key)),
    ...[...inactive].flatMap(counterNoticeKeys),
  ].filter((key) => open.has(key))

  const isChanged = changes.configure.length + changes.offer.length + changes.deactivate.length > 0
  if (!isChanged && problems.length === 0 && over.length === 0) return { instruments: known, open, problems }
  await database.transaction(async (sql) => {
    await configureInstruments(sql, 'file', changes.configure)
    await configureInstruments(sql, 'archive', changes.offer)
    await deactivateInstruments(sql, changes.deactivate)
    await raiseNotices(sql, problems)
    await endNotices(sql, over, 'It ended by itself.')
  })
  return { instruments: isChanged ? await watchedInstruments(database) : known, open, problems }
}

const topicNotice = (topic: string, message: string): RaisedNotice => ({
  kind: 'service',
  instrument: null,
  topic,
  message,
})
const fileKey = openKeyOf(topicNotice('instruments-file', ''))
const archiveKey = openKeyOf(topicNotice('archive', ''))

const readFile = async ({ instrumentsFile }: InstrumentSources) => {
  if (instrumentsFile === undefined) return { isGiven: false, instruments: undefined, problems: [] }
  const file = await readInstrumentsFile(instrumentsFile)
  return 'fault' in file
    ? { isGiven: true, instruments: undefined, problems: [topicNotice('instruments-file', file.fault)] }
    : { isGiven: true, instruments: file.instruments, problems: [] }
}

const listFound = async (readers: Readers) => {
  const list = await readers
    .listInstruments()
    .catch((fault: Error) => ({ kind: 'problem' as const, reason: fault.message }))
  return list.kind === 'listed'
    ? { instruments: list.instruments, problems: [] }
    : { instruments: [], problems: [topicNotice('archive', list.reason)] }
}
