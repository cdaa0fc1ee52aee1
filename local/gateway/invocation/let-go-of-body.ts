import type { IncomingMessage } from 'node:http'

/** How long the rest of a body may take that nobody needs any more. */
const restMs = 30_000

/**
 * For a call that is answered before its body has come: the rest is read away, so that the caller, who may still be
 * sending, gets the answer. One that never ends its body loses its connection.
 */
export function letGoOfBody(request: IncomingMessage): void {
  request.resume()
  if (request.complete || request.destroyed) return
  const patience = setTimeout(() => request.destroy(), restMs)
  patience.unref()
  request.once('end', () => clearTimeout(patience))
  request.once('close', () => clearTimeout(patience))
}
