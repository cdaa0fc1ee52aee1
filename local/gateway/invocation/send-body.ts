import type { ClientRequest, IncomingMessage } from 'node:http'

/**
 * Passes a body on as it comes, and tells when nothing has come for so long although the function would take it: a caller
 * that is half gone. The answer ends the watch, not the passing.
 */
export function sendBody(
  request: IncomingMessage,
  sent: ClientRequest,
  pauseMs: number,
  onPaused: () => void,
): () => void {
  let lastMs = performance.now()
  const moved = () => (lastMs = performance.now())
  const watch = setInterval(() => {
    // Where the function does not read, the caller cannot send.
    if (sent.writableNeedDrain) moved()
    else if (performance.now() - lastMs >= pauseMs) onPaused()
  }, pauseMs / 4)
  const endWatch = () => {
    clearInterval(watch)
    request.off('data', moved)
  }
  request.on('data', moved)
  request.once('end', endWatch)
  request.pipe(sent)
  return endWatch
}
