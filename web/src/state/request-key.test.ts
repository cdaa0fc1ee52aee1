import { expect, it } from 'vitest'
import { requestKey } from './request-key.ts'

it('a request sent again keeps its key, a changed one gets another', () => {
  const keyFor = requestKey()
  const first = keyFor({ runs: '1' })
  expect(first).toMatch(/^[0-9a-f]{32}$/)
  expect(keyFor({ runs: '1' })).toBe(first)
  expect(keyFor({ runs: '2' })).not.toBe(first)
})
