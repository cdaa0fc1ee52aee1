import type { IncomingMessage, ServerResponse } from 'node:http'
import { letGoOfBody } from './let-go-of-body.ts'

/** Answers a call that goes nowhere, in a sentence. */
export function refuseCall(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  reason: string,
  headers: readonly string[] = [],
): void {
  response.writeHead(status, ['Content-Type', 'text/plain; charset=utf-8', ...headers]).end(`${reason}\n`)
  letGoOfBody(request)
}
