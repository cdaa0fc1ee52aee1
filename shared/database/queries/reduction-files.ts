import { z } from 'zod'
import type { ResultFile } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { isFinal, reductionStates } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { integer } from './column-parsers.ts'
import { allOf, experimentsVisibleTo } from './visible-to.ts'

const placeSchema = z.object({
  id: integer,
  instrument: z.string(),
  target: z.string(),
  version: integer,
  rbNumber: integer.nullable(),
  state: z.enum(reductionStates),
  reason: z.string().nullable(),
  fence: integer,
  resultsPath: z.string().nullable(),
})
/** Where on the disk a reduction's output and log are to be found. */
export type ReductionPlace = z.infer<typeof placeSchema>

export const findReductionPlace = async (
  sql: Sql,
  viewer: Viewer,
  reductionId: number,
): Promise<ReductionPlace | undefined> => {
  const all = allOf({ sql: 'reductions.id = ?', parameters: [reductionId] }, experimentsVisibleTo(viewer, 'reductions'))
  const [row] = await sql.rows(
    placeSchema,
    `SELECT id, instrument, target, version, rb_number AS rbNumber, state, reason, fence, results_path AS resultsPath
     FROM reductions WHERE ${all.sql}`,
    all.parameters,
  )
  return row
}

const outputSchema = z.object({
  path: z.string(),
  sizeBytes: integer,
  mediaType: z.string(),
  plot: z.enum(['image', 'plotly']).nullable().catch(null),
})
const columns = 'path, size_bytes AS sizeBytes, media_type AS mediaType, plot'

/** What one reduction may list: `process` records no more. */
const mostFiles = 10_000

/** Are its files in place for readers? They are recorded a moment before they are. */
export const isPublished = (place: ReductionPlace): place is ReductionPlace & { readonly resultsPath: string } =>
  isFinal(place.state) && place.resultsPath !== null

/** The files of a reduction, by path; empty until all are in place. */
export const listResultFiles = async (sql: Sql, place: ReductionPlace): Promise<readonly ResultFile[]> => {
  if (!isPublished(place)) return []
  return sql.rows(
    outputSchema,
    `SELECT ${columns} FROM outputs WHERE reduction_id = ? ORDER BY path LIMIT ${mostFiles}`,
    [place.id],
  )
}

/** The file recorded under exactly this path. Names that differ only in case are two files, whatever the column's collation says. */
export const findResultFile = async (
  sql: Sql,
  place: ReductionPlace,
  path: string,
): Promise<ResultFile | undefined> => {
  if (!isPublished(place)) return undefined
  const rows = await sql.rows(outputSchema, `SELECT ${columns} FROM outputs WHERE reduction_id = ? AND path = ?`, [
    place.id,
    path,
  ])
  return rows.find((row) => row.path === path)
}
