import { expect } from 'vitest'

/** Asks a page again and again until it says what is expected; patient, since other tests may use the machine too. */
export const eventually = <Value>(ask: () => Value | Promise<Value>) =>
  expect.poll(ask, { timeout: 20_000, interval: 50 })
