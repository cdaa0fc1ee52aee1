import { expect, test } from 'vitest'
import { destinationOf, whyNoQueueName } from './queue-name.ts'

test.each(['DataReady', 'Orders.New', 'DLQ.Orders', 'two words', 'Größe/1:a-b_c', 'x'.repeat(255)])(
  '%s is the name of one queue',
  (name) => expect(whyNoQueueName(name)).toBeNull(),
)

test.each([
  ['', 'it is empty'],
  ['  ', 'it is empty'],
  [' Orders', 'begins or ends with a space'],
  ['>', 'mean many queues'],
  ['Orders.*', 'mean many queues'],
  ['A,queue://B', 'several queues'],
  ['Orders?consumer.exclusive=true', 'options'],
  ['queue://Orders', 'like an address'],
  ['Orders\nselector:x', 'a control character'],
  ['x'.repeat(256), 'longer than 255'],
])('%j is not, and it is said why', (name, why) => {
  expect(whyNoQueueName(name)).toContain(why)
  expect(() => destinationOf(name)).toThrow(why)
})
