import { z } from 'zod'
import type { SoftwareEnvironment } from '#contracts/api.ts'
import { offeredEnvironmentSchema, softwareLabel } from '#contracts/environments.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '../connection.ts'
import { jsonText } from './column-parsers.ts'
import { processorSilenceSeconds } from './processors.ts'

const rowSchema = z.object({
  id: z.string(),
  host: z.string(),
  environments: jsonText(z.array(offeredEnvironmentSchema)),
})

/**
 * The software environments that living processors have, by name and version, and what holds scripts back on each of them. Everybody
 * may see them; the names of machines are for those who run instruments.
 */
export const listEnvironments = async (sql: Sql, viewer: Viewer): Promise<readonly SoftwareEnvironment[]> => {
  const rows = await sql.rows(
    rowSchema,
    'SELECT id, host, environments FROM processors WHERE seen_at > UTC_TIMESTAMP(6) - INTERVAL ? SECOND ORDER BY id',
    [processorSilenceSeconds],
  )
  const found = new Map<string, SoftwareEnvironment>()
  for (const { id, host, environments } of rows) {
    for (const { name, version, isDefault, imports, network, isolation } of environments) {
      const key = softwareLabel({ name, version })
      const known = found.get(key)
      const processor = { ...(viewer.role === 'user' ? {} : { id, host }), isolation }
      found.set(key, {
        name,
        version,
        isDefault: isDefault || known?.isDefault === true,
        imports,
        network: network || known?.network === true,
        processors: [...(known?.processors ?? []), processor],
      })
    }
  }
  return [...found.entries()].toSorted(([a], [b]) => a.localeCompare(b)).map(([, environment]) => environment)
}
