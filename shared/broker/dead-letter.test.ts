import { expect, test } from 'vitest'
import { deadLetterOf } from './dead-letter.ts'

const headers = {
  ack: 'ID:1',
  destination: '/queue/Orders',
  'message-id': 'ID:broker-7',
  subscription: '3',
  expires: '1700000000000',
  priority: '6',
  'content-type': 'text/plain',
  sender: 'till 4',
}

test('A dead letter keeps its body and its own headers, says why and never expires', () => {
  const letter = deadLetterOf('Orders', headers, { kind: 'text', text: 'grüß' }, 'nobody knows it')
  expect(letter).toEqual({
    body: Buffer.from('grüß'),
    headers: {
      'amq-msg-type': 'text',
      'content-length': '6',
      'content-type': 'text/plain',
      priority: '6',
      sender: 'till 4',
      destination: '/queue/DLQ.Orders',
      persistent: 'true',
      'original-destination': '/queue/Orders',
      'original-message-id': 'ID:broker-7',
      'dead-letter-reason': 'nobody knows it',
    },
  })
})

test('Bytes stay the bytes they were', () => {
  const held = Buffer.from([0xff, 0x00, 0xfe])
  const letter = deadLetterOf('Orders', headers, { kind: 'unreadable', reason: 'r', held }, 'r')
  expect(letter?.body).toEqual(held)
  expect(letter?.headers['amq-msg-type']).toBeUndefined()
})

test('A body that was not held cannot be copied', () => {
  expect(deadLetterOf('Orders', headers, { kind: 'unreadable', reason: 'r', held: null }, 'r')).toBeNull()
})
