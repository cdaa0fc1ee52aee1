import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openEventParser } from './event-stream.ts'

const stream =
  ': hello\n\nevent: reduction\nid: 41\ndata: {"id":41}\n\nid: 42\r\nevent: notice\r\ndata: a\r\ndata: b\r\n\r\ndata\n\nevent: empty\n\n'
const expected = [
  { kind: 'reduction', data: '{"id":41}', id: '41' },
  { kind: 'notice', data: 'a\nb', id: '42' },
  { kind: 'message', data: '', id: '42' },
]

describe('an event stream', () => {
  it('gives the same events however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 8 }), (cuts) => {
        const places = [0, ...cuts.sort((left, right) => left - right), stream.length]
        const parse = openEventParser()
        const events = places.flatMap((place, index) => parse(stream.slice(place, places[index + 1] ?? stream.length)))
        expect(events).toEqual(expected)
      }),
    )
  })

  it('holds back an unfinished event', () => {
    const parse = openEventParser()
    expect(parse('data: half')).toEqual([])
    expect(parse('\n')).toEqual([])
    expect(parse('\n')).toEqual([{ kind: 'message', data: 'half', id: undefined }])
  })
})
