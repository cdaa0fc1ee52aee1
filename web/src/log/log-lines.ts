import { lastWritten } from '#domain/readable-log.ts'

export type LineTone = 'plain' | 'warning' | 'fault'
export type LogLine = { readonly number: number; readonly text: string; readonly tone: LineTone }

/** Marks what a person scans a log for. The words are those of Python and Mantid. */
export const toneOf = (text: string): LineTone => {
  if (
    /^(Traceback \(most recent call last\)|\s*\w*(Error|Exception)\b\s*:)|\b(ERROR|FATAL|CRITICAL)\b|-\[(Error|Fatal)\]/.test(
      text,
    )
  )
    return 'fault'
  if (/\b(WARNING|WARN)\b|\[(Warning|warning)\]|\b\w*Warning:/.test(text)) return 'warning'
  return 'plain'
}

export type SplitLog = {
  readonly lines: readonly LogLine[]
  /** The unfinished last line, of which what was overwritten is gone: a progress bar of an hour stays one line. */
  readonly rest: string
}

/** Splits readable text into finished lines, numbered on from `linesBefore`. */
export const splitLog = (text: string, linesBefore: number): SplitLog => {
  const pieces = text.split('\n')
  const rest = pieces.pop() ?? ''
  const lines = pieces.map((piece, place): LogLine => {
    const clean = lastWritten(piece)
    return { number: linesBefore + place + 1, text: clean, tone: toneOf(clean) }
  })
  return { lines, rest: rest.includes('\r') ? `${lastWritten(rest)}${rest.endsWith('\r') ? '\r' : ''}` : rest }
}
