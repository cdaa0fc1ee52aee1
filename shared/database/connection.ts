import { createPool, type Pool, type PoolConnection } from 'mysql2/promise'
import { z } from 'zod'
import { checkDatabaseAddress } from './database-address.ts'
import { asDatabaseFault, DatabaseFault, isPassingConflict } from './faults.ts'

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
  /** The same with less time for each statement: for what is soon sent again, over another connection. */
  readonly within: (statementMs: number) => Sql
  readonly close: () => Promise<void>
}

const sessionSettings = (silenceSeconds: number): string => `SET time_zone = '+00:00',
  sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  SESSION transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 10,
  wait_timeout = ${silenceSeconds}`

const sessionSettingsOfMariaDb = (silenceSeconds: number): string =>
  sessionSettings(silenceSeconds).replace('transaction_isolation', 'tx_isolation')

/** How statements reach the server; see {@link onConnection}. */
type Run = (sql: string, parameters: readonly Parameter[]) => Promise<[unknown, unknown]>

/** A server that holds the connection and says nothing for this long is out of reach; lock waits end after 10 s. */
const usualStatementMs = 60_000

/** A connection without work is closed by us, */
const idleMs = 60_000
/**
 * and one from which nothing came for longer by the server, with its transaction and its locks. A machine that loses its power, or its network,
 * says no good-bye: without this the server would wait for it for hours, and everybody else for the locks.
 */
const usualSilenceSeconds = 90

/** Runs statements on one connection, each within its time. One that took longer leaves the connection unusable: it is closed. */
const onConnection =
  (connection: PoolConnection, statementMs: number): Run =>
  async (sql, parameters) => {
    try {
      return await connection.query({ sql, values: [...parameters], timeout: statementMs })
    } catch (cause) {
      if (isTimeout(cause)) connection.destroy()
      throw cause
    }
  }

const isTimeout = (cause: unknown): boolean =>
  cause instanceof Error && Reflect.get(cause, 'code') === 'PROTOCOL_SEQUENCE_TIMEOUT'

/** Runs each statement on whichever connection is free. */
const onPool =
  (pool: Pool, statementMs: number): Run =>
  async (sql, parameters) => {
    const connection = await pool.getConnection()
    try {
      return await onConnection(connection, statementMs)(sql, parameters)
    } finally {
      connection.release()
    }
  }

const headerSchema = z.object({ affectedRows: z.number(), insertId: z.number() })

const sqlOver = (run: Run): Sql => ({
  rows: async (schema, sql, parameters = []) => {
    try {
      const [rows] = await run(sql, parameters)
      if (!Array.isArray(rows)) throw new TypeError('rows() was given a statement that returns none')
      return rows.map((row) => schema.parse(row))
    } catch (cause) {
      throw asDatabaseFault(sql, cause)
    }
  },
  change: async (sql, parameters = []) => {
    try {
      const [header] = await run(sql, parameters)
      const { affectedRows, insertId } = headerSchema.parse(header)
      return { changed: affectedRows, insertedId: insertId }
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
export const openDatabase = (
  url: string,
  options: {
    readonly connections?: number
    readonly statementMs?: number
    /** Not less than the longest pause between two statements of a transaction. */
    readonly silenceSeconds?: number
  } = {},
): Database => {
  const statementMs = options.statementMs ?? usualStatementMs
  const pool = createPool({
    uri: checkDatabaseAddress(url),
    connectionLimit: options.connections ?? 8,
    timezone: 'Z',
    charset: 'utf8mb4',
    connectTimeout: 5_000,
    enableKeepAlive: true,
    maxIdle: 4,
    // The stack of whoever asks, for every statement: a twentieth of what a function computes in a burst. What failed is in the fault.
    trace: false,
    idleTimeout: idleMs,
  })
  pool.pool.on('connection', (connection) => {
    // The version comment is the one place where MySQL 8 and MariaDB 10.11 name a session setting differently.
    const isMariaDb = /mariadb/i.test(serverVersionOf(connection))
    const settings = isMariaDb ? sessionSettingsOfMariaDb : sessionSettings
    connection.query(settings(options.silenceSeconds ?? usualSilenceSeconds), (error) => {
      if (error) connection.destroy()
    })
  })

  const once = async <Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> => {
    const connection = await pool.getConnection().catch((cause: unknown) => {
      throw asDatabaseFault('connect', cause)
    })
    const run = onConnection(connection, statementMs)
    try {
      await run('START TRANSACTION', [])
      const result = await work(sqlOver(run))
      await run('COMMIT', [])
      connection.release()
      return result
    } catch (cause) {
      await run('ROLLBACK', []).then(
        () => connection.release(),
        () => connection.destroy(),
      )
      throw asDatabaseFault('transaction', cause)
    }
  }

  return {
    ...sqlOver(onPool(pool, statementMs)),
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
    within: (shorterMs) => sqlOver(onPool(pool, Math.min(shorterMs, statementMs))),
    close: async () => {
      try {
        await pool.end()
      } catch (cause) {
        const fault = asDatabaseFault('close', cause)
        // What the server, or the network, has ended already needs no end.
        if (!(fault instanceof DatabaseFault && fault.retryable)) throw fault
      }
    },
  }
}

const serverVersionOf = (connection: object): string => {
  const handshake: unknown = Reflect.get(connection, '_handshakePacket')
  return typeof handshake === 'object' && handshake !== null ? String(Reflect.get(handshake, 'serverVersion')) : ''
}
