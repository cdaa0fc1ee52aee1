import { z } from 'zod'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'

const inputSchema = z.object({
  runNumber: integer,
  filePath: z.string().nullable(),
  sizeBytes: integer.nullable(),
  modifiedAt: z
    .date()
    .transform((time) => time.toISOString())
    .nullable(),
})
/** A raw file as it was known when its run was recorded. */
export type KnownInput = z.infer<typeof inputSchema>

/** The raw files of a reduction's runs, in the order in which its script gets them. */
export const inputsOfReduction = (sql: Sql, id: number): Promise<KnownInput[]> =>
  sql.rows(
    inputSchema,
    `SELECT run_number AS runNumber, file_path AS filePath, file_size_bytes AS sizeBytes, file_modified_at AS modifiedAt
     FROM reduction_runs JOIN runs ON runs.id = reduction_runs.run_id WHERE reduction_id = ? ORDER BY run_number`,
    [id],
  )
