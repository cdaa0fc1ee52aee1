import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

export type Answer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly seconds: number
}

const plain = { send: httpRequest, agent: new Agent({ keepAlive: false }) }
const secured = { send: httpsRequest, agent: new HttpsAgent({ keepAlive: false }) }

/**
 * Posts a body and waits for the whole answer. Never fails: who cannot be reached or says too much counts as having
 * answered 502, and who is too slow 504, with the reason.
 * @param headers Node's flat form (name, value, name, value ...), without those of framing
 */
export function postWhole(
  url: URL,
  { headers, body }: { readonly headers: readonly string[]; readonly body: Buffer },
  limits: { readonly timeoutMs?: number; readonly largestAnswerBytes: number },
): Promise<Answer> {
  const began = performance.now()
  const { send, agent } = url.protocol === 'https:' ? secured : plain
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined
    const answered = (status: number, answerHeaders: IncomingHttpHeaders, answerBody: Buffer) => {
      clearTimeout(timer)
      resolve({ status, headers: answerHeaders, body: answerBody, seconds: (performance.now() - began) / 1000 })
    }
    const failed = (status: number, reason: string) => {
      answered(status, { 'content-type': 'text/plain; charset=utf-8' }, Buffer.from(`${reason}\n`))
      sent.destroy()
    }
    const credentials = url.username === '' ? [] : ['Authorization', basic(url)]
    const framed = [...headers, ...credentials, 'Host', url.host, 'Content-Length', String(body.length)]
    const sent = send(url, { method: 'POST', headers: framed, agent }, (answer) => {
      const chunks: Buffer[] = []
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > limits.largestAnswerBytes) {
          return failed(502, `The answer is longer than ${limits.largestAnswerBytes} bytes.`)
        }
        return chunks.push(chunk)
      })
      answer.once('end', () => answered(answer.statusCode ?? 502, answer.headers, Buffer.concat(chunks)))
      answer.once('error', (error) => failed(502, error.message))
    })
    sent.on('error', (error) => failed(502, error.message))
    const { timeoutMs } = limits
    if (timeoutMs !== undefined) {
      timer = setTimeout(() => failed(504, `There was no answer within ${timeoutMs / 1000} s.`), timeoutMs)
    }
    sent.end(body)
  })
}

function basic(url: URL): string {
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}
