/** Why the results could not be written, by what a person can do about it. */
export type ResultsFaultKind = 'full' | 'read-only' | 'missing' | 'taken' | 'vanished' | 'other'

const sentences: Readonly<Record<string, readonly [ResultsFaultKind, string]>> = {
  ENOSPC: ['full', 'The disk for the results is full'],
  EDQUOT: ['full', 'The quota of the disk for the results is used up'],
  EFBIG: ['full', 'A file has become larger than the disk for the results allows'],
  EROFS: ['read-only', 'The disk for the results is read-only'],
  EACCES: ['read-only', 'The service may not write to the disk for the results'],
  EPERM: ['read-only', 'The service may not write to the disk for the results'],
  ENOENT: ['missing', 'The place for the results is not there'],
  ENOTDIR: ['missing', 'The place for the results is not a directory'],
  EIO: ['other', 'The disk for the results fails (input/output error)'],
  ESTALE: ['other', 'The disk for the results was mounted again meanwhile (stale handle)'],
}

/** The results disk misbehaved or refused. The message is a sentence for the scientist who waits for the result. */
export class ResultsFault extends Error {
  override readonly name = 'ResultsFault'
  readonly kind: ResultsFaultKind
  readonly retryable: boolean

  constructor(kind: ResultsFaultKind, message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.retryable = kind === 'other'
  }
}

const errorCode = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : ''

export const hasCode = (cause: unknown, ...codes: readonly string[]): boolean => codes.includes(errorCode(cause))

/** Turns an error of the file system into a {@link ResultsFault} that says what happened to which path. */
export const asResultsFault = (path: string, cause: unknown): ResultsFault => {
  if (cause instanceof ResultsFault) return cause
  const [kind, sentence] = sentences[errorCode(cause)] ?? ['other', 'The results could not be written']
  const detail = sentence === 'The results could not be written' ? `: ${String(cause)}` : ''
  return new ResultsFault(kind, `${sentence} (${path})${detail}. When this is put right, re-run the reduction.`, cause)
}
