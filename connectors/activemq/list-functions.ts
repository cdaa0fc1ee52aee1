import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { z } from 'zod'
import { functionStatusSchema, type FunctionStatus } from './function-status.ts'

/** The gateway did not tell its functions; the message says why. */
export class GatewayUnavailable extends Error {
  override readonly name = 'GatewayUnavailable'
  readonly retryable = true
}

export type GatewayAccess = {
  readonly gatewayUrl: string
  /** Asked before each call, since secrets change; null where the gateway wants none. */
  readonly credentials: () => { readonly user: string; readonly password: string } | null
  readonly timeoutMs: number
}

const largestAnswerBytes = 32 * 1024 * 1024

/** A proxy in front that wants https, most likely. */
const towards = (location: string | undefined): string => {
  const origin = location === undefined ? undefined : URL.parse(location)?.origin
  return origin === undefined
    ? ''
    : `, a redirection to ${origin}; gateway_url must be where the gateway itself answers`
}

const get = (access: GatewayAccess, path: string, signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const credentials = access.credentials()
    const request = access.gatewayUrl.startsWith('https:') ? requestHttps : requestHttp
    const fail = (why: string): void => {
      clearTimeout(limit)
      reject(new GatewayUnavailable(`GET ${path}: ${why}`))
    }
    const call = request(
      `${access.gatewayUrl}${path}`,
      {
        agent: false,
        signal,
        headers: { accept: 'application/json' },
        ...(credentials ? { auth: `${credentials.user}:${credentials.password}` } : {}),
      },
      (answer) => {
        const parts: Buffer[] = []
        let sizeBytes = 0
        answer.on('data', (part: Buffer) => {
          sizeBytes += part.length
          if (sizeBytes > largestAnswerBytes) call.destroy(new Error('the answer is too large'))
          else parts.push(part)
        })
        answer.on('error', (fault) => fail(fault.message))
        answer.on('end', () => {
          clearTimeout(limit)
          if (answer.statusCode !== 200) {
            return fail(`the gateway answered ${answer.statusCode}${towards(answer.headers.location)}`)
          }
          try {
            resolve(JSON.parse(Buffer.concat(parts).toString()))
          } catch {
            fail('the answer is not JSON')
          }
        })
      },
    )
    const limit = setTimeout(
      () => call.destroy(new Error(`no answer within ${access.timeoutMs / 1000} s`)),
      access.timeoutMs,
    )
    call.on('error', (fault: NodeJS.ErrnoException) => fail(fault.message || fault.code || 'the connection failed'))
    // Whatever else ends it without a word, such as an answer 101; what an answer has ended already stays as it is.
    call.on('close', () => setImmediate(fail, 'the connection was closed'))
    call.end()
  })

const parse = <Value>(schema: z.ZodType<Value>, given: unknown, what: string): Value => {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new GatewayUnavailable(`the gateway's list of ${what} is not as expected: ${z.prettifyError(parsed.error)}`)
}

// A provider without functions answers null.
const namespacesSchema = z.array(z.string()).nullable()
const functionsSchema = z.array(functionStatusSchema).nullable()

/**
 * All functions of the namespaces, or of every namespace that the gateway lists where none is named.
 * @throws {GatewayUnavailable}
 */
export const listFunctions = async (
  access: GatewayAccess,
  namespaces: readonly string[],
  signal: AbortSignal,
): Promise<readonly FunctionStatus[]> => {
  const asked =
    namespaces.length > 0
      ? namespaces
      : (parse(namespacesSchema, await get(access, '/system/namespaces', signal), 'namespaces') ?? [])
  const lists = await Promise.all(
    asked.map(async (namespace) => {
      const given = await get(access, `/system/functions?namespace=${encodeURIComponent(namespace)}`, signal)
      const functions = parse(functionsSchema, given, 'functions') ?? []
      return functions.map((status) => ({ ...status, namespace: status.namespace || namespace }))
    }),
  )
  return lists.flat()
}
