import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { facilityZone, instantsOfLocalTime, runTimes } from './local-time.ts'

const instants = (text: string): string[] => instantsOfLocalTime(text).map((instant) => instant.toISOString())

describe('times without a zone', () => {
  it('are London time: an hour ahead of UTC in summer', () => {
    expect(instants('2019-11-12T14:30:39')).toEqual(['2019-11-12T14:30:39.000Z'])
    expect(instants('2015-07-01T15:29:17')).toEqual(['2015-07-01T14:29:17.000Z'])
    expect(instants('2015-07-01 15:29:17.25')).toEqual(['2015-07-01T14:29:17.250Z'])
  })

  it('mean two instants in the hour that comes twice', () => {
    expect(instants('2024-10-27T01:30:00')).toEqual(['2024-10-27T00:30:00.000Z', '2024-10-27T01:30:00.000Z'])
    expect(instants('2024-10-27T00:59:59')).toEqual(['2024-10-26T23:59:59.000Z'])
    expect(instants('2024-10-27T02:00:00')).toEqual(['2024-10-27T02:00:00.000Z'])
  })

  it('are forgiven in the hour that does not exist', () => {
    expect(instants('2024-03-31T01:30:00')).toEqual(['2024-03-31T01:30:00.000Z'])
  })

  it('may name their zone after all', () => {
    expect(instants('2015-07-01T15:29:17Z')).toEqual(['2015-07-01T15:29:17.000Z'])
    expect(instants('2015-07-01T15:29:17+01:00')).toEqual(['2015-07-01T14:29:17.000Z'])
    expect(instants('2015-07-01T15:29:17-0230')).toEqual(['2015-07-01T17:59:17.000Z'])
  })

  it.each(['', 'yesterday', '2015-02-30T10:00:00', '2015-13-01T10:00:00', '2015-01-01T25:00:00', '2015-01-01'])(
    'are none when they say “%s”',
    (text) => expect(instants(text)).toEqual([]),
  )

  it('come back as they were written, whatever the day', () => {
    const format = new Intl.DateTimeFormat('sv-SE', {
      timeZone: facilityZone,
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    const seconds = fc.integer({ min: Date.UTC(1984, 0, 1) / 1000, max: Date.UTC(2035, 0, 1) / 1000 })
    fc.assert(
      fc.property(seconds, (second) => {
        const written = format.format(second * 1000).replace(' ', 'T')
        expect(instantsOfLocalTime(written).map((instant) => instant.getTime())).toContain(second * 1000)
      }),
    )
  })
})

describe('a run over the night when clocks go back', () => {
  it('is as long as its duration says', () => {
    expect(runTimes('2024-10-27T01:30:00', '2024-10-27T01:40:00', 600)).toEqual({
      startedAt: new Date('2024-10-27T00:30:00Z'),
      endedAt: new Date('2024-10-27T00:40:00Z'),
    })
    expect(runTimes('2024-10-27T01:50:00', '2024-10-27T01:10:00', 1200)).toEqual({
      startedAt: new Date('2024-10-27T00:50:00Z'),
      endedAt: new Date('2024-10-27T01:10:00Z'),
    })
    expect(runTimes('2024-10-27T01:30:00', '2024-10-27T02:30:00', 3600).startedAt).toEqual(
      new Date('2024-10-27T01:30:00Z'),
    )
    expect(runTimes('2024-10-27T01:30:00', '2024-10-27T02:30:00', 7200).startedAt).toEqual(
      new Date('2024-10-27T00:30:00Z'),
    )
  })

  it('needs neither end nor duration', () => {
    expect(runTimes('2024-10-27T00:30:00', null, null)).toEqual({
      startedAt: new Date('2024-10-26T23:30:00Z'),
      endedAt: null,
    })
    expect(runTimes(null, 'nonsense', 5)).toEqual({ startedAt: null, endedAt: null })
    expect(runTimes('2024-10-27T01:30:00', '2024-10-27T01:35:00', null).startedAt).toEqual(
      new Date('2024-10-27T00:30:00Z'),
    )
  })
})
