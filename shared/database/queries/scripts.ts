import { z } from 'zod'
import { scriptFilesSchema, type ScriptFiles } from '#contracts/script.ts'
import { variablesSchema } from '#contracts/variables.ts'
import type { Variable } from '#domain/variables.ts'
import { sha256Of } from '../content-address.ts'
import type { Sql } from '../connection.ts'
import { jsonText } from './column-parsers.ts'

/** Keeps a script with its neighbours under the hash of all of them, once. @returns the hash */
export const storeScript = async (sql: Sql, files: ScriptFiles): Promise<string> => {
  const json = JSON.stringify(files.map(({ name, base64 }) => ({ name, base64 })))
  const sha256 = sha256Of(json)
  await sql.change('INSERT IGNORE INTO scripts (sha256, files) VALUES (?, ?)', [sha256, json])
  return sha256
}

const filesSchema = z.object({ files: jsonText(scriptFilesSchema) })

export const findScript = async (sql: Sql, sha256: string): Promise<ScriptFiles | undefined> => {
  const [row] = await sql.rows(filesSchema, 'SELECT files FROM scripts WHERE sha256 = ?', [sha256])
  return row?.files
}

export type ScriptVariables = { readonly variables: readonly Variable[] } | { readonly fault: string }

const readVariablesSchema = z.object({ variables: jsonText(variablesSchema).nullable(), fault: z.string().nullable() })

/** What the script's reduce_vars.py declares, as it was once read; undefined where nobody has read it yet. */
export const findScriptVariables = async (sql: Sql, sha256: string): Promise<ScriptVariables | undefined> => {
  const [row] = await sql.rows(
    readVariablesSchema,
    'SELECT variables, fault FROM script_variables WHERE script_sha256 = ?',
    [sha256],
  )
  if (!row) return undefined
  return row.variables ? { variables: row.variables } : { fault: row.fault ?? 'The variables could not be read.' }
}

/** A fault is kept too, but a later success replaces it: it may have been the machine's and not the file's. */
export const storeScriptVariables = async (sql: Sql, sha256: string, read: ScriptVariables): Promise<void> => {
  const variables = 'variables' in read ? JSON.stringify(read.variables) : null
  const fault = 'fault' in read ? read.fault : null
  await sql.change(
    `INSERT INTO script_variables (script_sha256, variables, fault, read_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6))
     ON DUPLICATE KEY UPDATE variables = COALESCE(VALUES(variables), variables),
       fault = IF(COALESCE(VALUES(variables), variables) IS NULL, VALUES(fault), NULL), read_at = VALUES(read_at)`,
    [sha256, variables, fault],
  )
}
