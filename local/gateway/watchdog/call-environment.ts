export type CallHead = {
  readonly method: string
  /** Path and query as they came. */
  readonly url: string
  /** Names in lower case; of repeated ones the first counts. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>
}

/** `Http_Proxy` would be taken for a proxy's address by programs that look for `http_proxy` in any case ("httpoxy"). */
const neverGiven = new Set(['proxy'])

/** What a program learns of its call, by the names that OpenFaaS' watchdogs use: `Http_Method`, `Http_Query`, `Http_X_Call_Id` ... */
export function callEnvironment({ method, url, headers }: CallHead): Record<string, string> {
  const given = Object.entries(headers).flatMap(([name, values]) => {
    const value = values?.[0]
    return value === undefined || neverGiven.has(name) ? [] : [[`Http_${variableName(name)}`, value]]
  })
  const at = url.indexOf('?')
  const [path, query] = at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
  const length = headers['transfer-encoding'] === undefined ? (headers['content-length']?.[0] ?? '0') : '-1'
  return {
    ...(Object.fromEntries(given) as Record<string, string>),
    Http_Method: method,
    Http_ContentLength: length,
    Http_Content_Length: length,
    ...(query === '' ? {} : { Http_Query: query }),
    ...(path === '' ? {} : { Http_Path: decoded(path) }),
  }
}

/** `x-forwarded-for` becomes `X_Forwarded_For`. */
function variableName(header: string): string {
  return header
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('_')
}

/** As it came where it cannot be decoded; no variable can hold a zero byte. */
function decoded(path: string): string {
  try {
    const text = decodeURIComponent(path)
    return text.includes('\0') ? path : text
  } catch {
    return path
  }
}
