import { sha256Of } from '../content-address.ts'
import type { Sql } from '../connection.ts'

/** Keeps a set of arguments under its hash, once. @returns the hash */
export const storeArguments = async (sql: Sql, argumentSet: readonly unknown[]): Promise<string> => {
  const json = JSON.stringify(argumentSet)
  const sha256 = sha256Of(json)
  await sql.change('INSERT IGNORE INTO argument_sets (sha256, arguments) VALUES (?, ?)', [sha256, json])
  return sha256
}
