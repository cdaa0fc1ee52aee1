import { sha256Of } from '../content-address.ts'
import type { Sql } from '../connection.ts'

/** Keeps a set of arguments under its hash, once. @returns the hash */
export const storeArguments = async (sql: Sql, argumentSet: readonly unknown[]): Promise<string> => {
  const json = JSON.stringify(argumentSet)
  const sha256 = sha256Of(json)
  await sql.change('INSERT IGNORE INTO argument_sets (sha256, arguments) VALUES (?, ?)', [sha256, json])
  return sha256
}

/** Keeps many sets in one statement, each once; empty ones are not kept. @returns which hash a set has, null for an empty one */
export const storeArgumentSets = async (
  sql: Sql,
  sets: readonly (readonly unknown[])[],
): Promise<(set: readonly unknown[]) => string | null> => {
  const known = new Map<readonly unknown[], string>()
  const texts = new Map<string, string>()
  for (const set of sets) {
    if (set.length === 0 || known.has(set)) continue
    const json = JSON.stringify(set)
    const sha256 = sha256Of(json)
    known.set(set, sha256)
    texts.set(sha256, json)
  }
  if (texts.size > 0) await sql.change('INSERT IGNORE INTO argument_sets (sha256, arguments) VALUES ?', [[...texts]])
  return (set) => known.get(set) ?? null
}
