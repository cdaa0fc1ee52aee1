import { describe, expect, it } from 'vitest'
import { apiBase } from './portal-base.ts'

describe('the API', () => {
  it.each([
    ['http://host/', '', 'http://host/api/v1/'],
    ['http://host/portal/', null, 'http://host/portal/api/v1/'],
    ['http://host/function/web/', '', 'http://host/function/api/v1/'],
    ['http://host/portal/', '/api/v1', 'http://host/api/v1/'],
  ])('beside a portal at %s (named “%s”) lies at %s', (portal, named, expected) => {
    expect(apiBase(new URL(portal), named).href).toBe(expected)
  })
})
