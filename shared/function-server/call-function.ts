import { Agent, request } from 'node:http'

export type FunctionAnswer = { readonly status: number; readonly body: string }

/** The gateway or the function behind it could not be reached, or gave no answer in time. */
export class FunctionUnreachable extends Error {
  override readonly name = 'FunctionUnreachable'
  readonly retryable = true
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 })
const largestAnswerBytes = 32 * 1024 * 1024

/**
 * Calls another function through the gateway: `POST <gateway>/function/<path>`. The limit covers the whole call; there is none of
 * Node's own on waiting for the headers (`fetch` gives up after 300 s).
 * @throws {FunctionUnreachable}
 */
export const callFunction = (
  gatewayUrl: string,
  path: string,
  options: {
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
    readonly timeoutMs: number
    readonly signal?: AbortSignal
  },
): Promise<FunctionAnswer> =>
  new Promise((resolve, reject) => {
    const payload = options.body === undefined ? '' : JSON.stringify(options.body)
    const limit = AbortSignal.timeout(options.timeoutMs)
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit
    const failed = (cause: unknown): void =>
      reject(
        new FunctionUnreachable(
          limit.aborted
            ? `The function ${path} gave no answer within ${options.timeoutMs} ms.`
            : `The function ${path} could not be reached through the gateway.`,
          { cause },
        ),
      )
    const call = request(
      `${gatewayUrl.replace(/\/$/, '')}/function/${path}`,
      {
        method: 'POST',
        agent,
        signal,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
          ...options.headers,
        },
      },
      (answer) => {
        const parts: Buffer[] = []
        let sizeBytes = 0
        answer.on('data', (part: Buffer) => {
          sizeBytes += part.length
          if (sizeBytes > largestAnswerBytes) call.destroy(new Error('The answer is too large.'))
          else parts.push(part)
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }))
        answer.on('error', failed)
      },
    )
    call.on('error', failed)
    call.end(payload)
  })

/** Asks `dispatch` to ring for waiting work, now rather than at its next tick. Nothing depends on it: errors are for the log only. */
export const askDispatch = async (gatewayUrl: string): Promise<void> => {
  await callFunction(gatewayUrl, 'dispatch', { timeoutMs: 5_000 })
}
