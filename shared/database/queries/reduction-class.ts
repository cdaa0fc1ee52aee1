import { z } from 'zod'
import type { Viewer } from '#contracts/viewer.ts'
import { reductionClasses, type ReductionClass } from '#domain/reduction-classes.ts'
import { reductionStates, type ReductionState } from '#domain/reduction-states.ts'
import type { Sql } from '../connection.ts'
import { tellOfReductions } from './move-reduction.ts'
import { allOf, experimentsVisibleTo } from './visible-to.ts'

export type ClassChange =
  | { readonly kind: 'changed' | 'same'; readonly class: ReductionClass }
  | { readonly kind: 'too-late'; readonly state: ReductionState }
  | { readonly kind: 'unknown' }

const currentSchema = z.object({ state: z.enum(reductionStates), class: z.enum(reductionClasses) })

/** Puts a queued reduction into another line; since when it stands in line stays as it is. Call it inside a transaction. */
export const changeClass = async (sql: Sql, viewer: Viewer, id: number, to: ReductionClass): Promise<ClassChange> => {
  const all = allOf({ sql: 'reductions.id = ?', parameters: [id] }, experimentsVisibleTo(viewer, 'reductions'))
  const [current] = await sql.rows(
    currentSchema,
    `SELECT state, class FROM reductions WHERE ${all.sql} FOR UPDATE`,
    all.parameters,
  )
  if (!current) return { kind: 'unknown' }
  if (current.state !== 'Queued') return { kind: 'too-late', state: current.state }
  if (current.class === to) return { kind: 'same', class: to }
  await sql.change('UPDATE reductions SET class = ? WHERE id = ?', [to, id])
  const reason = `${viewer.name} moved it from the line “${current.class}” to “${to}”.`
  await tellOfReductions(sql, [id], { state: 'Queued', reason, move: 'reclass', who: viewer.name })
  return { kind: 'changed', class: to }
}
