import { expect, it } from 'vitest'
import { filtersOf, isFiltered } from './run-filters.ts'

it('an address filters by what it names, and never against the page’s own filters', () => {
  const query = new URLSearchParams('rb=1920234&title=steel+rod&state=&tab=log')
  expect(filtersOf(query, { instrument: 'ENGINX' })).toEqual({
    instrument: 'ENGINX',
    rb: '1920234',
    title: 'steel rod',
  })
  expect(filtersOf(new URLSearchParams('state=Completed'), { state: 'Error' })).toEqual({ state: 'Error' })
  expect(isFiltered(query)).toBe(true)
  expect(isFiltered(new URLSearchParams('tab=log'))).toBe(false)
})
