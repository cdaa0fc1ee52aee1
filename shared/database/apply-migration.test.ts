import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { applyMigration, statementsOf, type RunSql } from './apply-migration.ts'

const sql = `-- Two tables; and a row.
CREATE TABLE first_made (id INT NOT NULL PRIMARY KEY);

CREATE TABLE then_made (
  -- Not the end;
  id INT NOT NULL,
  note VARCHAR(20) NOT NULL DEFAULT ';'
);
INSERT INTO first_made (id) VALUES (1);
ALTER TABLE then_made
  ADD KEY of_note (note);
`
const migration = { name: '9999-tried.sql', sql, sha256: 'a'.repeat(64) }

let schema: FreshSchema
let connection: Connection
beforeAll(async () => {
  schema = await freshSchema()
  connection = await createConnection({ uri: schema.url })
})
afterAll(async () => {
  await connection.end()
  await schema.drop()
})
beforeEach(async () => {
  await connection.query('DROP TABLE IF EXISTS first_made, then_made')
  await connection.query('DELETE FROM schema_migrations WHERE name = ?', [migration.name])
})

class Killed extends Error {}

/** Is killed before or after one of its questions has reached the server. */
const killedAt = (question: number, when: 'before' | 'after'): RunSql => {
  let asked = 0
  const query = async (...parameters: Parameters<Connection['query']>) => {
    asked += 1
    if (asked === question && when === 'before') throw new Killed()
    const answer = await connection.query(...parameters)
    if (asked === question) throw new Killed()
    return answer
  }
  return { query: query as Connection['query'] }
}

const isWhole = async (): Promise<void> => {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM first_made FORCE INDEX (PRIMARY)')
  expect(rows).toEqual([{ id: 1 }])
  await connection.query('SELECT id FROM then_made FORCE INDEX (of_note)')
  const [recorded] = await connection.query<RowDataPacket[]>('SELECT sha256 FROM schema_migrations WHERE name = ?', [
    migration.name,
  ])
  expect(recorded).toEqual([{ sha256: migration.sha256 }])
  const [steps] = await connection.query<RowDataPacket[]>('SELECT * FROM schema_migration_steps')
  expect(steps).toEqual([])
}

describe('a migration', () => {
  it('goes on where it was killed, wherever that was', async () => {
    for (let question = 1; question <= 11; question += 1) {
      for (const when of ['before', 'after'] as const) {
        await expect(applyMigration(killedAt(question, when), migration)).rejects.toThrow(Killed)
        await applyMigration(connection, migration)
        await isWhole()
        await connection.query('DROP TABLE first_made, then_made')
      }
    }
    // With the twelfth it is over: it is recorded, and nobody begins it again.
    await applyMigration(killedAt(13, 'before'), migration)
    await isWhole()
  })

  it('takes no table of somebody else for its own', async () => {
    await connection.query('CREATE TABLE then_made (other INT)')
    await expect(applyMigration(connection, migration)).rejects.toMatchObject({ code: 'ER_TABLE_EXISTS_ERROR' })
    await connection.query('DELETE FROM schema_migration_steps')
  })

  it('is not finished by another version of itself', async () => {
    await expect(applyMigration(killedAt(6, 'after'), migration)).rejects.toThrow(Killed)
    const changed = { ...migration, sha256: 'b'.repeat(64) }
    await expect(applyMigration(connection, changed)).rejects.toThrow('changed after it had been begun')
    await applyMigration(connection, migration)
  })

  it('is told into statements that each do one thing', () => {
    const folder = join(import.meta.dirname, 'migrations')
    for (const name of readdirSync(folder)) {
      for (const statement of statementsOf(readFileSync(join(folder, name), 'utf8'))) {
        expect(statement).toMatch(/^(CREATE TABLE|ALTER TABLE|INSERT INTO|UPDATE|DELETE FROM|DROP TABLE) /)
        expect(statement.match(/^(CREATE|ALTER|INSERT|UPDATE|DELETE|DROP) /gm)).toHaveLength(1)
      }
    }
  })
})
