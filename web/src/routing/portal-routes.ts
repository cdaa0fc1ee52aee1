/** The portal's pages, as their paths below the base say. */
export type Route =
  | { readonly page: 'now' }
  | { readonly page: 'instrument'; readonly instrument: string }
  | { readonly page: 'rerun'; readonly instrument: string }
  | { readonly page: 'batches'; readonly instrument: string }
  | { readonly page: 'variables'; readonly instrument: string }
  | { readonly page: 'reduction'; readonly id: number }
  | { readonly page: 'compare'; readonly left: number; readonly right: number }
  | { readonly page: 'runs' }
  | { readonly page: 'waiting' }
  | { readonly page: 'failures' }
  | { readonly page: 'unknown'; readonly path: string }

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

/** `path` is relative to the portal's base, without its query: `instruments/ENGINX`. */
export const parseRoute = (path: string): Route => {
  const [first = '', second, third, ...more] = path.replace(/\/+$/, '').split('/').map(decoded)
  const unknown: Route = { page: 'unknown', path }
  if (more.length > 0) return unknown
  if (second === undefined) {
    if (first === '') return { page: 'now' }
    return first === 'runs' || first === 'waiting' || first === 'failures' ? { page: first } : unknown
  }
  if (first === 'instruments' && /^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(second)) {
    const instrument = second.toUpperCase()
    if (third === undefined) return { page: 'instrument', instrument }
    return third === 'rerun' || third === 'batches' || third === 'variables' ? { page: third, instrument } : unknown
  }
  if (first === 'reductions' && third === undefined && isId(second)) {
    return { page: 'reduction', id: Number(second) }
  }
  if (first === 'compare' && isId(second) && third !== undefined && isId(third)) {
    return { page: 'compare', left: Number(second), right: Number(third) }
  }
  return unknown
}

const isId = (segment: string): boolean => /^[0-9]{1,15}$/.test(segment)

const withQuery = (path: string, query: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(query).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '',
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`
}

/** Addresses relative to the base, as every link of the portal is written. */
export const toInstrument = (instrument: string, query: Readonly<Record<string, string | undefined>> = {}): string =>
  withQuery(`instruments/${encodeURIComponent(instrument)}`, query)
export const toReduction = (id: number): string => `reductions/${id}`
export const toCompare = (left: number, right: number): string => `compare/${left}/${right}`
export const toRuns = (query: Readonly<Record<string, string | undefined>>): string => withQuery('runs', query)
export const toVariables = (instrument: string): string => `instruments/${encodeURIComponent(instrument)}/variables`
export const toBatches = (instrument: string): string => `instruments/${encodeURIComponent(instrument)}/batches`
export const toRerun = (
  instrument: string,
  query: { readonly runs?: string; readonly from?: string; readonly batch?: string } = {},
): string => withQuery(`instruments/${encodeURIComponent(instrument)}/rerun`, query)
