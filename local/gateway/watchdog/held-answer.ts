import type { ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

/** The beginning of an answer is held back until it is known how its program ended, or until it is larger than this. */
export type HeldAnswer = {
  /** Takes what this prints; it is slowed down when the caller does not keep up. */
  take(output: Readable): void
  readonly sizeBytes: () => number
  readonly hasBegun: () => boolean
  /** All is printed, and all is well. */
  end(): void
  /** What is held, for an answer of another kind. */
  held(): Buffer
}

export function holdAnswer(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  largestHeldBytes: number,
): HeldAnswer {
  const held: Buffer[] = []
  const outputs: Readable[] = []
  let [size, hasBegun] = [0, false]

  response.on('drain', () => {
    for (const output of outputs) output.resume()
  })

  const pass = (chunk: Buffer) => {
    if (response.destroyed || response.write(chunk)) return
    for (const output of outputs) output.pause()
  }

  return {
    take: (output) => {
      outputs.push(output)
      output.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (hasBegun) return pass(chunk)
        held.push(chunk)
        if (size <= largestHeldBytes) return
        hasBegun = true
        response.writeHead(200, headers)
        pass(Buffer.concat(held.splice(0)))
      })
    },
    sizeBytes: () => size,
    hasBegun: () => hasBegun,
    end: () => {
      if (hasBegun) return void response.end()
      response.writeHead(200, { ...headers, 'Content-Length': String(size) }).end(Buffer.concat(held))
    },
    held: () => Buffer.concat(held),
  }
}
