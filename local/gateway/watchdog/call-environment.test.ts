import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { callEnvironment } from './call-environment.ts'

describe('what a program learns of its call', () => {
  it('has the names of OpenFaaS', () => {
    const headers = { 'x-forwarded-by': ['a', 'b'], 'content-type': ['text/csv'], 'content-length': ['3'], host: ['h'] }
    expect(callEnvironment({ method: 'PUT', url: '/a%20b?q=1&p=%20', headers })).toEqual({
      Http_X_Forwarded_By: 'a',
      Http_Content_Type: 'text/csv',
      Http_Host: 'h',
      Http_Method: 'PUT',
      Http_ContentLength: '3',
      Http_Content_Length: '3',
      Http_Query: 'q=1&p=%20',
      Http_Path: '/a b',
    })
  })

  it('of a body of unknown length is -1, and of no query nothing', () => {
    const environment = callEnvironment({ method: 'POST', url: '/', headers: { 'transfer-encoding': ['chunked'] } })
    expect(environment).toMatchObject({ Http_Content_Length: '-1', Http_Transfer_Encoding: 'chunked' })
    expect(environment).not.toHaveProperty('Http_Query')
  })

  it('is no proxy for what the program itself fetches', () => {
    const named = Object.keys(callEnvironment({ method: 'GET', url: '/', headers: { proxy: ['http://evil.example'] } }))
    expect(named.map((name) => name.toLowerCase())).not.toContain('http_proxy')
  })

  it('can always be put into an environment', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[!-~]*$/), fc.constantFrom('', '%00', '%E0%A4%A', '%20'), (path, more) => {
        const values = Object.values(callEnvironment({ method: 'GET', url: `/${path}${more}`, headers: {} }))
        expect(values.filter((value) => value.includes('\0'))).toEqual([])
      }),
    )
  })
})
