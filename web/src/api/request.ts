/**
 * Why a call brought no answer. `refused`: the API said no, and `message` is its own sentence; `unreachable`: no answer, or a
 * proxy's; `broken`: an answer that is none of the API's.
 */
export type FaultKind = 'refused' | 'unreachable' | 'broken'

export class ApiFault extends Error {
  override readonly name = 'ApiFault'
  readonly kind: FaultKind
  readonly status: number | undefined
  constructor(kind: FaultKind, message: string, status?: number, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.status = status
  }
}

/** Told of every answer and every failure to get one: the page's one sign of whether the service is there. */
export type Watch = {
  readonly answered: (serverTime: string | null) => void
  readonly unreachable: () => void
}

const timeLimitMs = 20_000

const detailOf = async (response: Response): Promise<string | undefined> => {
  if (!(response.headers.get('content-type') ?? '').includes('json')) return undefined
  try {
    const body: unknown = await response.json()
    if (typeof body !== 'object' || body === null) return undefined
    const detail: unknown = Reflect.get(body, 'detail') ?? Reflect.get(body, 'title')
    return typeof detail === 'string' && detail !== '' ? detail : undefined
  } catch {
    return undefined
  }
}

const isProxyTrouble = (status: number): boolean => status === 502 || status === 503 || status === 504

/**
 * One call. Aborted by `signal` or after 20 s.
 * @throws {ApiFault} with a sentence for the person who looks at the page
 */
export const request = async (url: URL, init: RequestInit, watch: Watch, limitMs = timeLimitMs): Promise<Response> => {
  const limit = AbortSignal.timeout(limitMs)
  const signal = init.signal ? AbortSignal.any([init.signal, limit]) : limit
  let response: Response
  try {
    response = await fetch(url, { ...init, signal, cache: 'no-store' })
  } catch (cause) {
    if (init.signal?.aborted) throw cause
    watch.unreachable()
    throw new ApiFault('unreachable', 'The service does not answer. Trying again.', undefined, cause)
  }
  if (response.ok) {
    watch.answered(response.headers.get('date'))
    return response
  }
  const detail = await detailOf(response)
  if (isProxyTrouble(response.status)) {
    watch.unreachable()
    throw new ApiFault('unreachable', detail ?? 'The service does not answer. Trying again.', response.status)
  }
  watch.answered(response.headers.get('date'))
  throw new ApiFault(
    'refused',
    detail ?? `The service answered with an error (${response.status}) and no explanation.`,
    response.status,
  )
}

/** The JSON body of an answer. */
export const readJson = async (response: Response): Promise<unknown> => {
  try {
    return await response.json()
  } catch (cause) {
    throw new ApiFault('broken', 'The answer came from something else than this service’s API.', response.status, cause)
  }
}
