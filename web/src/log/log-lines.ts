export type LineTone = 'plain' | 'warning' | 'fault'
export type LogLine = { readonly number: number; readonly text: string; readonly tone: LineTone }

const terminalCodes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-_])/g

/** A line as a terminal would leave it: no colour codes, and after a carriage return only what was written last. */
export const cleanLine = (raw: string): string => {
  const text = raw.replace(terminalCodes, '').replace(/\r+$/, '')
  return text.slice(text.lastIndexOf('\r') + 1)
}

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
  /** The unfinished last line, as it came. */ readonly rest: string
}

/** Splits what has come into finished lines, numbered on from `linesBefore`. */
export const splitLog = (text: string, linesBefore: number): SplitLog => {
  const pieces = text.split('\n')
  const rest = pieces.pop() ?? ''
  const lines = pieces.map((piece, place): LogLine => {
    const clean = cleanLine(piece)
    return { number: linesBefore + place + 1, text: clean, tone: toneOf(clean) }
  })
  return { lines, rest }
}
