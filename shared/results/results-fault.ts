/** Why the results could not be written, by what a person can do about it. */
export type ResultsFaultKind = 'full' | 'read-only' | 'missing' | 'failing' | 'hung' | 'taken' | 'vanished' | 'other'

const sentences: Readonly<Record<string, readonly [ResultsFaultKind, string]>> = {
  ENOSPC: ['full', 'The disk for the results is full'],
  EDQUOT: ['full', 'The quota of the disk for the results is used up'],
  EFBIG: ['full', 'A file has become larger than the disk for the results allows'],
  EROFS: ['read-only', 'The disk for the results is read-only'],
  EACCES: ['read-only', 'The service may not write to the disk for the results'],
  EPERM: ['read-only', 'The service may not write to the disk for the results'],
  ENOENT: ['missing', 'The place for the results is not there'],
  ENOTDIR: ['missing', 'The place for the results is not a directory'],
  EIO: ['failing', 'The disk for the results fails (input/output error)'],
  ESTALE: ['failing', 'The disk for the results was mounted again meanwhile (stale handle)'],
}

/** What a network drive answers when its server is away. */
const awayCodes = [
  'ETIMEDOUT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTCONN',
  'EREMOTEIO',
  'ENXIO',
  'ENODEV',
]
const passingKinds: readonly ResultsFaultKind[] = ['full', 'read-only', 'missing', 'failing', 'hung']

/** The results disk misbehaved or refused. The message is a sentence for the scientist who waits for the result. */
export class ResultsFault extends Error {
  override readonly name = 'ResultsFault'
  readonly kind: ResultsFaultKind
  /** What happened to which path, without an end and without advice. */
  readonly problem: string
  /** What the scientist can do about it. */
  readonly advice: string

  constructor(kind: ResultsFaultKind, problem: string, advice: string, cause?: unknown) {
    super(`${problem}. ${advice}`, { cause })
    this.kind = kind
    this.problem = problem
    this.advice = advice
  }

  /** The disk's trouble and not the reduction's: the same may succeed when somebody has put the disk right. */
  get retryable(): boolean {
    return passingKinds.includes(this.kind)
  }
}

const usualAdvice = 'When this is put right, re-run the reduction.'

const errorCode = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''

export const hasCode = (cause: unknown, ...codes: readonly string[]): boolean => codes.includes(errorCode(cause))

/** Turns an error of the file system into a {@link ResultsFault} that says what happened to which path. */
export const asResultsFault = (path: string, cause: unknown): ResultsFault => {
  if (cause instanceof ResultsFault) return cause
  const code = errorCode(cause)
  const known = sentences[code]
  if (known) return new ResultsFault(known[0], `${known[1]} (${path})`, usualAdvice, cause)
  if (awayCodes.includes(code)) {
    const problem = `The disk for the results fails: its server is away (${code}, ${path})`
    return new ResultsFault('failing', problem, usualAdvice, cause)
  }
  return new ResultsFault('other', `The results could not be written (${path}): ${String(cause)}`, usualAdvice, cause)
}

/** @param since when it was first seen to hang */
export const hungFault = (place: string, since: Date): ResultsFault =>
  new ResultsFault(
    'hung',
    `The disk with ${place} does not answer (since ${since.toISOString().slice(0, 19)}Z)`,
    usualAdvice,
  )

export const logRemovedFault = (log: string): ResultsFault =>
  new ResultsFault(
    'other',
    `The log ${log} was removed while its script ran`,
    'Let the script leave alone what lies beside its output directory, then re-run the reduction.',
  )

export const missingFault = (problem: string): ResultsFault => new ResultsFault('missing', problem, usualAdvice)
