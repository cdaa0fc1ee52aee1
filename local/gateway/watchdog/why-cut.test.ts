import { expect, test } from 'vitest'
import { whyCut } from './why-cut.ts'

const gatewayBeganMs = Date.UTC(2026, 10, 29)

test.for([
  { tookMs: 1_000, execTimeoutMs: 1_000, why: 'its exec_timeout of 1 s was over' },
  { tookMs: 999, execTimeoutMs: 1_000, why: 'its exec_timeout of 1 s was over' },
  { tookMs: 700, execTimeoutMs: 1_000, why: 'the caller has gone' },
  { tookMs: 90_000_000, execTimeoutMs: null, why: 'the caller has gone' },
])('A call cut $tookMs ms after the gateway took it, of $execTimeoutMs ms: $why', ({ tookMs, execTimeoutMs, why }) => {
  expect(whyCut({ gatewayBeganMs, endedMs: gatewayBeganMs + tookMs, execTimeoutMs })).toBe(why)
})
