import type { IncomingMessage } from 'node:http'

/** A body that is kept whole: no longer than so much, and here within so long. */
export function takeBody(
  request: IncomingMessage,
  limits: { readonly largestBytes: number; readonly withinMs: number },
): Promise<Buffer | 'too large' | 'too slow' | 'broken off'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    const timer = setTimeout(() => end('too slow'), limits.withinMs)
    const take = (chunk: Buffer) => {
      size += chunk.length
      if (size > limits.largestBytes) end('too large')
      else chunks.push(chunk)
    }
    const end = (how?: 'too large' | 'too slow' | 'broken off') => {
      clearTimeout(timer)
      request.off('data', take)
      resolve(how ?? Buffer.concat(chunks))
    }
    if (Number(request.headers['content-length'] ?? 0) > limits.largestBytes) return end('too large')
    request.on('data', take)
    request.once('end', () => end())
    request.once('close', () => end('broken off'))
    request.once('error', () => end('broken off'))
  })
}
