import type { RunFilters } from '../api/api.ts'

const names = ['run', 'rb', 'state', 'title'] as const

/** What a list of runs is filtered by: the page's own filters and what its address asks for besides. */
export const filtersOf = (query: URLSearchParams, own: RunFilters = {}): RunFilters => ({
  ...Object.fromEntries(names.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : []))),
  ...own,
})

/** Whether the address asks for anything. */
export const isFiltered = (query: URLSearchParams): boolean => names.some((name) => query.get(name))
