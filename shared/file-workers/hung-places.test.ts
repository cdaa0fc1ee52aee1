import { expect, test } from 'vitest'
import { rememberHungPlaces } from './hung-places.ts'

const start = Date.UTC(2026, 10, 22)

const openPlaces = () => {
  const clock = { nowMs: start }
  const places = rememberHungPlaces(
    () => clock.nowMs,
    (place) => `${place} hangs.`,
  )
  return { clock, places }
}
const ended = (): Promise<undefined> => Promise.resolve(undefined)
const stuck = new Promise<never>(() => undefined)

test('a place that was never late is asked freely', () => {
  expect(openPlaces().places.admit('WISH')).toEqual({ admit: 'go' })
})

test('a hung place is probed at growing distances, by one at a time, until it answers', async () => {
  const { clock, places } = openPlaces()
  const since = new Date(start)
  expect(places.timedOut('WISH', ended())).toEqual({ kind: 'hung', place: 'WISH', since, reason: 'WISH hangs.' })
  for (const pauseMs of [5_000, 10_000, 20_000, 30_000, 30_000]) {
    await ended()
    clock.nowMs += pauseMs - 1
    expect(places.admit('WISH')).toMatchObject({ admit: 'no', hung: { since } })
    clock.nowMs += 1
    expect(places.admit('WISH')).toEqual({ admit: 'probe' })
    expect(places.admit('WISH')).toMatchObject({ admit: 'no' })
    expect(places.admit('MARI')).toEqual({ admit: 'go' })
    places.timedOut('WISH', ended())
  }
  expect(places.answered('WISH')).toBe(true)
  expect(places.answered('WISH')).toBe(false)
  expect(places.admit('WISH')).toEqual({ admit: 'go' })
})

test('a probe that broke off is given again', () => {
  const { clock, places } = openPlaces()
  places.timedOut('WISH', ended())
  return ended().then(() => {
    clock.nowMs += 5_000
    expect(places.admit('WISH')).toEqual({ admit: 'probe' })
    places.probeLost('WISH')
    expect(places.admit('WISH')).toEqual({ admit: 'probe' })
  })
})

test('while processes are stuck in the kernel another is risked after minutes, and never more than three', () => {
  const { clock, places } = openPlaces()
  let risked = 1
  places.timedOut('WISH', stuck)
  for (let second = 0; second < 3_600; second += 1) {
    clock.nowMs += 1_000
    if (places.admit('WISH').admit !== 'probe') continue
    expect(clock.nowMs - start).toBeGreaterThanOrEqual(risked * 300_000)
    places.timedOut('WISH', stuck)
    risked += 1
  }
  expect(risked).toBe(3)
})
