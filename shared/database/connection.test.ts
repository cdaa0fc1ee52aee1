import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { openLosableNetwork } from '../../tests/a-stack/losable-network.ts'
import { openDatabase, type Sql } from './connection.ts'
import { DatabaseFault } from './faults.ts'

let schema: FreshSchema
beforeAll(async () => {
  schema = await freshSchema()
})
afterAll(() => schema.drop())

const sleep = (sql: Sql, seconds: number): Promise<unknown> =>
  sql.rows(z.unknown(), 'SELECT SLEEP(?) AS slept', [seconds])
const one = (sql: Sql): Promise<unknown> => sql.rows(z.object({ one: z.number() }), 'SELECT 1 AS one')

it('waits for no statement longer than its time, and goes on with another connection', async () => {
  const database = openDatabase(schema.url, { connections: 1, statementMs: 200 })
  try {
    for (const attempt of [sleep(database, 20), database.transaction((sql) => sleep(sql, 20))]) {
      const fault: unknown = await attempt.catch((cause: unknown) => cause)
      expect(fault).toBeInstanceOf(DatabaseFault)
      expect(fault).toMatchObject({ retryable: true, code: 'PROTOCOL_SEQUENCE_TIMEOUT' })
    }
    expect(await one(database)).toEqual([{ one: 1 }])
    expect(await database.transaction(one)).toEqual([{ one: 1 }])
  } finally {
    await database.close()
  }
})

it('keeps nothing of a transaction whose statement took too long', async () => {
  const database = openDatabase(schema.url, { statementMs: 200 })
  try {
    const work = database.transaction(async (sql) => {
      await sql.change('INSERT INTO experiments (rb_number) VALUES (1234567)')
      await sleep(sql, 2)
    })
    await expect(work).rejects.toThrow(DatabaseFault)
    const left = (): Promise<unknown> => database.rows(z.unknown(), 'SELECT rb_number FROM experiments FOR UPDATE')
    // The server notices that nobody is there when the statement has ended.
    await expect.poll(() => left().catch(() => 'locked'), { timeout: 15_000 }).toEqual([])
  } finally {
    await database.close()
  }
})

it('holds no lock for somebody who was lost without a word in the middle of a transaction', async () => {
  const network = await openLosableNetwork(schema.url)
  const lost = openDatabase(network.url, { statementMs: 1_000, silenceSeconds: 2 })
  try {
    const lockTurnstile = (sql: Sql): Promise<unknown> =>
      sql.rows(z.unknown(), `SELECT name FROM turnstiles WHERE name = 'line' FOR UPDATE`)
    const work = lost.transaction(async (sql) => {
      await lockTurnstile(sql)
      network.forget()
      await one(sql)
    })
    await expect(work).rejects.toThrow(DatabaseFault)
    // Lock waits end after ten seconds, so this would fail ten times a minute for hours.
    await expect.poll(() => schema.database.transaction(lockTurnstile).catch(() => 'locked')).not.toBe('locked')
  } finally {
    await network.close()
    await lost.close()
  }
})
