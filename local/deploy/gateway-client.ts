import { localStatusSchema, type LocalStatus } from '../gateway/local-status.ts'

/** The gateway refused something; carries its own words. */
export class GatewayFault extends Error {
  override readonly name = 'GatewayFault'
}

export type GatewayClient = {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>
  status(): Promise<LocalStatus>
}

/** The operator's way to a gateway on this machine. */
export function gatewayClient(port: number, user: string, password: string): GatewayClient {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
  const send: GatewayClient['send'] = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    send,
    status: async () => {
      const { status, text } = await send('GET', '/local/status')
      if (status !== 200) throw new GatewayFault(`the gateway answered ${status}: ${text}`)
      return localStatusSchema.parse(JSON.parse(text))
    },
  }
}
