/** The database misbehaved or refused. `retryable` where the same call may succeed later: it is down, busy, or chose us as a deadlock's victim. */
export class DatabaseFault extends Error {
  readonly code: string
  readonly retryable: boolean

  constructor(attempted: string, code: string, retryable: boolean, cause: unknown) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    super(`The database failed (${code}) at: ${attempted.replace(/\s+/g, ' ').slice(0, 160)}: ${detail}`, { cause })
    this.name = 'DatabaseFault'
    this.code = code
    this.retryable = retryable
  }
}

const conflicts = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD'])
const outages = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'ER_CON_COUNT_ERROR',
  'ER_SERVER_SHUTDOWN',
  'ER_NORMAL_SHUTDOWN',
  'ER_QUERY_INTERRUPTED',
  'ER_CONNECTION_KILLED',
])

/** Leaves everything that does not come from the driver as it is. */
export const asDatabaseFault = (attempted: string, cause: unknown): unknown => {
  if (cause instanceof DatabaseFault || !(cause instanceof Error)) return cause
  const code: unknown = Reflect.get(cause, 'code')
  if (typeof code === 'string') {
    return new DatabaseFault(attempted, code, conflicts.has(code) || outages.has(code), cause)
  }
  if (/closed state|Connection lost|Pool is closed/i.test(cause.message)) {
    return new DatabaseFault(attempted, 'CONNECTION_CLOSED', true, cause)
  }
  return cause
}

/** A deadlock or lock time-out: the transaction was rolled back and can simply be run again. */
export const isPassingConflict = (fault: unknown): boolean =>
  fault instanceof DatabaseFault && conflicts.has(fault.code)

export const isDuplicate = (fault: unknown): boolean => fault instanceof DatabaseFault && fault.code === 'ER_DUP_ENTRY'
