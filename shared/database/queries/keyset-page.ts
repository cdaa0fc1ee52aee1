import { z } from 'zod'
import type { Parameter, Sql } from '../connection.ts'
import { allOf, type Condition } from './visible-to.ts'

/** A place in an ordered list: the values of the columns that order it. Lists page by such keys and never by offsets. */
export type ListKey = readonly (string | number)[]

/**
 * How a list is read: along one index, backwards from a place in it. `keys` are the columns that order it; `branches` are the conditions
 * that the index answers (several are merged, one for each state); `residual` has to look at each row.
 */
export type ListPlan = {
  readonly table: 'runs' | 'detections' | 'reductions'
  /** Names the order, so that a place in one order is not taken for a place in another. */
  readonly order: string
  readonly index: string
  readonly keys: readonly string[]
  readonly branches: readonly Condition[]
  readonly residual: Condition | undefined
}

export type ListPlace = { readonly order: string; readonly key: ListKey }
export type ListPage<Item> = { readonly items: readonly Item[]; readonly next: ListPlace | undefined }

export type Select = { readonly columns: string; readonly joins: string }
export type Statement = { readonly sql: string; readonly parameters: readonly Parameter[] }

/** Rows that one page looks at where the filters need to see each row, such as a part of a title. */
export const rowsLookedAtPerPage = 200_000

const beyond = (
  plan: ListPlan,
  key: ListKey,
  operators: { readonly outer: string; readonly last: string },
): Condition => {
  const parts: string[] = []
  const parameters: Parameter[] = []
  for (const [place, column] of plan.keys.entries()) {
    const equals = plan.keys.slice(0, place).map((earlier) => `${plan.table}.${earlier} = ?`)
    const operator = place === plan.keys.length - 1 ? operators.last : operators.outer
    parts.push([...equals, `${plan.table}.${column} ${operator} ?`].join(' AND '))
    parameters.push(...key.slice(0, place + 1))
  }
  return { sql: parts.map((part) => `(${part})`).join(' OR '), parameters }
}

const after = (plan: ListPlan, key: ListKey): Condition => beyond(plan, key, { outer: '<', last: '<' })
const upTo = (plan: ListPlan, key: ListKey): Condition => beyond(plan, key, { outer: '>', last: '>=' })

const branchesAfter = (plan: ListPlan, key: ListKey | undefined): readonly Condition[] =>
  plan.branches.map((branch) => (key ? allOf(branch, after(plan, key)) : branch))

const backwards = (plan: ListPlan): string => plan.keys.map((key) => `${plan.table}.${key} DESC`).join(', ')

/** The statement for one page and one row more; `floor` is the last place that it may look at. */
export const pageStatement = (
  plan: ListPlan,
  select: Select,
  page: { readonly limit: number; readonly after?: ListKey | undefined; readonly floor?: ListKey | undefined },
): Statement => {
  const { table } = plan
  const branches = branchesAfter(plan, page.after)
  const [only] = branches
  if (branches.length === 1 && only) {
    const residual = plan.residual ? [plan.residual] : []
    const floor = page.floor ? [upTo(plan, page.floor)] : []
    const all = allOf(only, ...residual, ...floor)
    return {
      sql: `SELECT ${select.columns} FROM ${table} FORCE INDEX (${plan.index}) ${select.joins}
        WHERE ${all.sql} ORDER BY ${backwards(plan)} LIMIT ${page.limit + 1}`,
      parameters: all.parameters,
    }
  }
  const parts = branches.map(
    ({ sql }) => `(SELECT ${table}.id FROM ${table} FORCE INDEX (${plan.index}) WHERE ${sql}
      ORDER BY ${backwards(plan)} LIMIT ${page.limit + 1})`,
  )
  return {
    sql: `SELECT ${select.columns} FROM (${parts.join(' UNION ALL ')}) AS page
      JOIN ${table} ON ${table}.id = page.id ${select.joins} ORDER BY ${backwards(plan)} LIMIT ${page.limit + 1}`,
    parameters: branches.flatMap(({ parameters }) => parameters),
  }
}

/** Finds the place where a page that must look at each row stops looking; the index alone answers it. */
export const floorStatement = (plan: ListPlan, key: ListKey | undefined, rows: number): Statement => {
  const all = allOf(...branchesAfter(plan, key))
  return {
    sql: `SELECT ${plan.keys.join(', ')} FROM ${plan.table} FORCE INDEX (${plan.index}) WHERE ${all.sql}
      ORDER BY ${backwards(plan)} LIMIT 1 OFFSET ${rows - 1}`,
    parameters: all.parameters,
  }
}

const keyRowSchema = z.record(z.string(), z.union([z.string(), z.number()]))

/**
 * Reads one page; undefined where `after` is a place in a list of another order. A page can be shorter than asked and still have a
 * `next`: where the filters need to see each row it stops after {@link rowsLookedAtPerPage} of them and goes on from there when asked
 * again.
 */
export const readPage = async <Row>(
  sql: Sql,
  plan: ListPlan,
  select: Select,
  read: { readonly schema: z.ZodType<Row>; readonly keyOf: (row: Row) => ListKey },
  page: { readonly limit: number; readonly after?: ListPlace | undefined; readonly rowsLookedAt?: number },
): Promise<ListPage<Row> | undefined> => {
  if (page.after && (page.after.order !== plan.order || page.after.key.length !== plan.keys.length)) return undefined
  const start = page.after?.key
  let floor: ListKey | undefined
  if (plan.residual) {
    const statement = floorStatement(plan, start, page.rowsLookedAt ?? rowsLookedAtPerPage)
    const [row] = await sql.rows(keyRowSchema, statement.sql, statement.parameters)
    floor = row && plan.keys.map((key) => row[key] ?? 0)
  }
  const statement = pageStatement(plan, select, { limit: page.limit, after: start, floor })
  const rows = await sql.rows(read.schema, statement.sql, statement.parameters)
  const items = rows.slice(0, page.limit)
  const last = items.at(-1)
  const next = rows.length > page.limit ? last && read.keyOf(last) : floor
  return { items, next: next && { order: plan.order, key: next } }
}
