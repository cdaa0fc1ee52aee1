import { describe, expect, it } from 'vitest'
import { parseRoute, toCompare, toInstrument, toRerun, toRuns } from './portal-routes.ts'

describe('the portal’s addresses', () => {
  it.each([
    ['', { page: 'now' }],
    ['waiting', { page: 'waiting' }],
    ['failures/', { page: 'failures' }],
    ['runs', { page: 'runs' }],
    ['instruments/enginx', { page: 'instrument', instrument: 'ENGINX' }],
    ['instruments/ENGINX/rerun', { page: 'rerun', instrument: 'ENGINX' }],
    ['instruments/ENGINX/batches', { page: 'batches', instrument: 'ENGINX' }],
    ['reductions/123', { page: 'reduction', id: 123 }],
    ['compare/12/15', { page: 'compare', left: 12, right: 15 }],
    ['compare/12', { page: 'unknown', path: 'compare/12' }],
    ['compare/12/x', { page: 'unknown', path: 'compare/12/x' }],
    ['reductions/abc', { page: 'unknown', path: 'reductions/abc' }],
    ['instruments/../x', { page: 'unknown', path: 'instruments/../x' }],
    ['instruments/%E0%A4%A', { page: 'unknown', path: 'instruments/%E0%A4%A' }],
    ['a/b/c/d', { page: 'unknown', path: 'a/b/c/d' }],
  ])('“%s” leads to %j', (path, route) => {
    expect(parseRoute(path)).toEqual(route)
  })

  it('are written with what is asked for and nothing else', () => {
    expect(toInstrument('ENGINX', { state: 'Error', rb: undefined })).toBe('instruments/ENGINX?state=Error')
    expect(toRerun('ENGINX', { runs: '1-5, 7', from: '12' })).toBe('instruments/ENGINX/rerun?runs=1-5%2C+7&from=12')
    expect(toRuns({})).toBe('runs')
    expect(toCompare(12, 15)).toBe('compare/12/15')
  })
})
