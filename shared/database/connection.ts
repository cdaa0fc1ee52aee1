import { createPool, type Pool, type PoolConnection, type ResultSetHeader } from 'mysql2/promise'
import type { z } from 'zod'
import { checkDatabaseAddress } from './database-address.ts'
import { asDatabaseFault, isPassingConflict } from './faults.ts'

export type Parameter = string | number | boolean | Date | Buffer | null | readonly Parameter[]

/** What a query module needs: inside a transaction and outside alike. */
export type Sql = {
  /** Rows of a SELECT, each parsed by the schema. `IN (?)` takes a list, `VALUES ?` a list of rows. */
  readonly rows: <Row>(schema: z.ZodType<Row>, sql: string, parameters?: readonly Parameter[]) => Promise<Row[]>
  /** Runs a statement; `changed` counts the rows that matched its condition. */
  readonly change: (
    sql: string,
    parameters?: readonly Parameter[],
  ) => Promise<{ readonly changed: number; readonly insertedId: number }>
}

export type Database = Sql & {
  /**
   * All of `work` or nothing. A deadlock or lock time-out runs `work` again (up to five times), so it must have no other effect.
   * A COMMIT whose answer is lost throws {@link DatabaseFault}: the caller settles by looking.
   */
  readonly transaction: <Result>(work: (sql: Sql) => Promise<Result>) => Promise<Result>
  readonly close: () => Promise<void>
}

const sessionSettings = `SET time_zone = '+00:00',
  sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  SESSION transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 10`

const sessionSettingsOfMariaDb = sessionSettings.replace('transaction_isolation', 'tx_isolation')

const sqlOver = (runner: Pool | PoolConnection): Sql => ({
  rows: async (schema, sql, parameters = []) => {
    try {
      const [rows] = await runner.query(sql, [...parameters])
      if (!Array.isArray(rows)) throw new TypeError('rows() was given a statement that returns none')
      return rows.map((row) => schema.parse(row))
    } catch (cause) {
      throw asDatabaseFault(sql, cause)
    }
  },
  change: async (sql, parameters = []) => {
    try {
      const [header] = await runner.query<ResultSetHeader>(sql, [...parameters])
      return { changed: header.affectedRows, insertedId: header.insertId }
    } catch (cause) {
      throw asDatabaseFault(sql, cause)
    }
  },
})

const attempts = 5

/**
 * Opens a pool on `mysql://user:password@host:port/database`. Connects when first asked, so a function starts while the database is
 * down and recovers by itself. The password never reaches a log or an error.
 * @throws {DatabaseAddressFault} for an address that cannot be used
 */
export const openDatabase = (url: string, options: { readonly connections?: number } = {}): Database => {
  const pool = createPool({
    uri: checkDatabaseAddress(url),
    connectionLimit: options.connections ?? 8,
    timezone: 'Z',
    charset: 'utf8mb4',
    connectTimeout: 5_000,
    enableKeepAlive: true,
    maxIdle: 4,
    idleTimeout: 60_000,
  })
  pool.pool.on('connection', (connection) => {
    // The version comment is the one place where MySQL 8 and MariaDB 10.11 name a session setting differently.
    const isMariaDb = /mariadb/i.test(serverVersionOf(connection))
    connection.query(isMariaDb ? sessionSettingsOfMariaDb : sessionSettings, (error) => {
      if (error) connection.destroy()
    })
  })

  const once = async <Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> => {
    const connection = await pool.getConnection().catch((cause: unknown) => {
      throw asDatabaseFault('connect', cause)
    })
    try {
      await connection.beginTransaction()
      const result = await work(sqlOver(connection))
      await connection.commit()
      connection.release()
      return result
    } catch (cause) {
      await connection.rollback().then(
        () => connection.release(),
        () => connection.destroy(),
      )
      throw asDatabaseFault('transaction', cause)
    }
  }

  return {
    ...sqlOver(pool),
    transaction: async (work) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await once(work)
        } catch (fault) {
          if (attempt >= attempts || !isPassingConflict(fault)) throw fault
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 20 * attempt))
        }
      }
    },
    close: () => pool.end(),
  }
}

const serverVersionOf = (connection: object): string => {
  const handshake: unknown = Reflect.get(connection, '_handshakePacket')
  return typeof handshake === 'object' && handshake !== null ? String(Reflect.get(handshake, 'serverVersion')) : ''
}
