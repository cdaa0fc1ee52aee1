/** One server-sent event. A comment line (the server's heart-beat) is none. */
export type StreamEvent = { readonly kind: string; readonly data: string; readonly id: string | undefined }

/**
 * Reads `text/event-stream` from pieces of any size (WHATWG HTML, 9.2). Kept apart from the browser's EventSource since that one
 * cannot say what it saw last when it is opened anew, and tells nothing of a connection that died in silence.
 */
export const openEventParser = (): ((piece: string) => readonly StreamEvent[]) => {
  let rest = ''
  let kind = ''
  let data: string[] = []
  let id: string | undefined
  let sawReturn = false

  const finish = (events: StreamEvent[]): void => {
    if (data.length > 0) events.push({ kind: kind === '' ? 'message' : kind, data: data.join('\n'), id })
    kind = ''
    data = []
  }
  const take = (line: string, events: StreamEvent[]): void => {
    if (line === '') return finish(events)
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') kind = value
    else if (field === 'data') data.push(value)
    else if (field === 'id' && !value.includes('\0')) id = value
  }
  return (piece) => {
    const events: StreamEvent[] = []
    // A line ends in \n, \r or \r\n; the two halves of \r\n may come in different pieces.
    let text = rest + (sawReturn && piece.startsWith('\n') ? piece.slice(1) : piece)
    if (piece !== '') sawReturn = text.endsWith('\r')
    text = text.replace(/\r\n?/g, '\n')
    const lines = text.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) take(line, events)
    return events
  }
}
