import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '#database/connection.ts'
import { visibleInstrumentNames } from '#database/queries/instruments-list.ts'
import { nearestName } from '#domain/nearest-name.ts'

/** Why there is no such instrument for this viewer, with the one that was probably meant; undefined where there is. */
export const unknownInstrument = async (sql: Sql, viewer: Viewer, name: string): Promise<string | undefined> => {
  const names = await visibleInstrumentNames(sql, viewer)
  if (names.includes(name)) return undefined
  const nearest = nearestName(name, names)
  const meant = nearest === undefined ? 'GET instruments lists those there are.' : `Did you mean ${nearest}?`
  return `There is no instrument ${name}. ${meant}`
}
