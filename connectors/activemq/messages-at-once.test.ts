import fc from 'fast-check'
import { expect, test } from 'vitest'
import { functionStatusSchema, type FunctionStatus } from './function-status.ts'
import { inFlightLimitOf, messagesAtOnce } from './messages-at-once.ts'

const status = (given: object): FunctionStatus => functionStatusSchema.parse({ name: 'process', ...given })

test.each([
  [{ envVars: { max_inflight: '4' }, annotations: { max_inflight: '2' } }, 4],
  [{ annotations: { max_inflight: '2' }, labels: { max_inflight: '3' } }, 2],
  [{ labels: { max_inflight: '3' } }, 3],
  [{ envVars: { max_inflight: '0' }, labels: { max_inflight: '3' } }, 3],
  [{ envVars: { max_inflight: 'many' } }, 1],
  [{ envVars: { max_inflight: '-2' } }, 1],
  [{}, 1],
])('Of %j one replica works on %i at once', (given, limit) => expect(inFlightLimitOf(status(given))).toBe(limit))

const anyStatus = fc
  .record({ availableReplicas: fc.integer({ min: 0, max: 20 }), limit: fc.integer({ min: 1, max: 10 }) })
  .map(({ availableReplicas, limit }) => ({
    capacity: availableReplicas * limit,
    status: status({ availableReplicas, envVars: { max_inflight: String(limit) } }),
  }))

test('As many are taken as all replicas together can work on, and never fewer than one', () => {
  fc.assert(
    fc.property(fc.array(anyStatus, { maxLength: 4 }), (functions) => {
      const capacity = functions.reduce((sum, one) => sum + one.capacity, 0)
      expect(messagesAtOnce(functions.map((one) => one.status))).toBe(Math.max(1, capacity))
    }),
  )
})

test('No status, however odd, makes it anything but a whole number from 1 to 1000', () => {
  const odd = fc.record({
    availableReplicas: fc.double({ noNaN: true, noDefaultInfinity: true }),
    envVars: fc.dictionary(fc.constant('max_inflight'), fc.string()),
  })
  fc.assert(
    fc.property(fc.array(odd), (functions) => {
      const count = messagesAtOnce(functions.map((given) => status(given)))
      expect(Number.isInteger(count) && count >= 1 && count <= 1_000).toBe(true)
    }),
  )
})
