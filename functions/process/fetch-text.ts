import { createHash } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'

/** What may be fetched, and how much of it. `origins`: scheme, host and port, e.g. `https://raw.githubusercontent.com`. */
export type FetchRules = { readonly origins: readonly string[]; readonly sizeBytes: number; readonly limitMs: number }

export type FetchedText =
  | { readonly text: string; readonly sha256: string; readonly sizeBytes: number }
  /** Why not, in words that follow the name of what was wanted. */
  | { readonly fault: string }

const mostRedirects = 5
const attempts = 3
const pauseMs = 500

/**
 * The UTF-8 text at an address, from allowed places only, redirects included. A place that does not answer or says that it is in trouble is
 * asked again. Never throws.
 */
export const fetchText = async (address: string, rules: FetchRules, signal: AbortSignal): Promise<FetchedText> => {
  const limit = AbortSignal.timeout(rules.limitMs)
  const stop = AbortSignal.any([signal, limit])
  let answer: FetchedText & { readonly mayHeal?: boolean } = { fault: 'it was not asked for' }
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    answer = await fetchOnce(address, rules, stop)
    if (limit.aborted) return { fault: `${hostOf(address)} did not send it within ${rules.limitMs / 1000} s` }
    if ('text' in answer || !answer.mayHeal || signal.aborted || attempt === attempts) break
    await wait(pauseMs * attempt * (0.75 + Math.random() / 2), undefined, { signal: stop }).catch(() => undefined)
  }
  return 'text' in answer ? answer : { fault: answer.fault }
}

type Once = FetchedText & { readonly mayHeal?: boolean }

const fetchOnce = async (address: string, rules: FetchRules, signal: AbortSignal): Promise<Once> => {
  let next = address
  for (let hops = 0; hops <= mostRedirects; hops += 1) {
    const place = allowedPlace(next, rules.origins)
    if ('fault' in place) return hops === 0 ? place : { fault: `${hostOf(address)} sends us on, and ${place.fault}` }
    let response: Response
    try {
      response = await fetch(place.url, { redirect: 'manual', signal, headers: { accept: 'text/plain, */*' } })
    } catch (cause) {
      return { fault: `${place.url.host} cannot be reached (${reasonOf(cause)})`, mayHeal: true }
    }
    const location = response.headers.get('location')
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel().catch(() => undefined)
      if (!URL.canParse(location, place.url)) return { fault: `${place.url.host} sends us on to no address` }
      next = new URL(location, place.url).href
      continue
    }
    if (response.status !== 200) {
      await response.body?.cancel().catch(() => undefined)
      const meaning = response.status === 404 ? 'there is no such file' : `it answered with status ${response.status}`
      return { fault: `${meaning} at ${place.url.host}`, mayHeal: response.status >= 500 || response.status === 429 }
    }
    return readText(response, rules.sizeBytes, place.url.host)
  }
  return { fault: `${hostOf(address)} sends us on more than ${mostRedirects} times` }
}

const allowedPlace = (
  address: string,
  origins: readonly string[],
): { readonly url: URL } | { readonly fault: string } => {
  if (!URL.canParse(address)) return { fault: 'its address cannot be understood' }
  const url = new URL(address)
  if (url.username !== '' || url.password !== '') return { fault: 'an address may not carry a password' }
  return origins.includes(url.origin)
    ? { url }
    : {
        fault: `${url.origin} is not among the places that files may come from (${origins.join(', ') || 'there is none'})`,
      }
}

const readText = async (response: Response, limitBytes: number, host: string): Promise<Once> => {
  const tooLarge = {
    fault: `it is larger than ${Math.round((limitBytes / 1024 / 1024) * 10) / 10} MB, the limit for such files`,
  }
  const hash = createHash('sha256')
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const part of response.body ?? []) {
      sizeBytes += part.byteLength
      // What was compressed on the way counts as it arrives here.
      if (sizeBytes > limitBytes) return tooLarge
      hash.update(part)
      parts.push(part)
    }
  } catch (cause) {
    return { fault: `${host} broke off in the middle of it (${reasonOf(cause)})`, mayHeal: true }
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts))
    return { text, sha256: hash.digest('hex'), sizeBytes }
  } catch {
    return { fault: 'it is not text in UTF-8' }
  }
}

const hostOf = (address: string): string => (URL.canParse(address) ? new URL(address).host : 'its address')

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
  const code: unknown = inner instanceof Error ? Reflect.get(inner, 'code') : undefined
  if (typeof code === 'string') return code
  return inner instanceof Error ? inner.message : String(inner)
}
