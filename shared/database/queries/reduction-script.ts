import { z } from 'zod'
import type { Sql } from '../connection.ts'

const sha256Schema = z.object({ sha256: z.string().nullable() })

/** The hash of the script that a reduction ran or will run; undefined where there is no such reduction or it has none. */
export const scriptOfReduction = async (sql: Sql, reductionId: number): Promise<string | undefined> => {
  const [row] = await sql.rows(sha256Schema, 'SELECT script_sha256 AS sha256 FROM reductions WHERE id = ?', [
    reductionId,
  ])
  return row?.sha256 ?? undefined
}
