import type { InstrumentSettings } from '#contracts/instruments-file.ts'
import type { Sql } from '../connection.ts'

/** `file`: INSTRUMENTS_FILE names it. `archive`: its folder was seen there. */
type InstrumentOrigin = 'file' | 'archive'

/** Writes instruments as they are configured now, new ones and known ones. Call it in a transaction, with those that differ only. */
export const configureInstruments = async (
  sql: Sql,
  origin: InstrumentOrigin,
  instruments: readonly InstrumentSettings[],
): Promise<void> => {
  if (instruments.length === 0) return
  const columns = [
    'is_active',
    'is_flat',
    'prefixes',
    'time_limit_seconds',
    'wait_hours',
    'gap_limit',
    'software_name',
    'software_version',
    'origin',
  ]
  await sql.change(
    `INSERT INTO instruments (name, ${columns.join(', ')}, created_at, changed_at)
     VALUES ${instruments.map(() => `(?, ${columns.map(() => '?').join(', ')}, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))`).join(', ')}
     ON DUPLICATE KEY UPDATE ${columns.map((column) => `${column} = VALUES(${column})`).join(', ')}, changed_at = VALUES(changed_at)`,
    instruments.flatMap((one) => [
      one.name,
      one.active,
      one.flat,
      one.prefixes === undefined ? null : JSON.stringify(one.prefixes),
      one.timeLimitSeconds,
      one.waitHours,
      one.gapLimit,
      one.software?.name ?? null,
      one.software?.version ?? null,
      origin,
    ]),
  )
  await tellOfInstruments(
    sql,
    instruments.map(({ name }) => name),
  )
}

/** Switches instruments off that the file names no longer; what is known of them stays. Call it in a transaction. */
export const deactivateInstruments = async (sql: Sql, names: readonly string[]): Promise<void> => {
  if (names.length === 0) return
  await sql.change('UPDATE instruments SET is_active = FALSE, changed_at = UTC_TIMESTAMP(6) WHERE name IN (?)', [names])
  await tellOfInstruments(sql, names)
}

const tellOfInstruments = (sql: Sql, names: readonly string[]): Promise<unknown> =>
  sql.change(
    `INSERT INTO change_events (kind, at, instrument, state)
     SELECT 'instrument', UTC_TIMESTAMP(6), name, IF(is_active, 'active', 'inactive') FROM instruments WHERE name IN (?)
     ORDER BY name`,
    [names],
  )
