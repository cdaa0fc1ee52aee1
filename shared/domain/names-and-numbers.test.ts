import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canDetectionChange, detectionStates } from './detection-states.ts'
import { filePrefixes, parseInstrumentName } from './instrument-names.ts'
import { nearestName } from './nearest-name.ts'
import { parseRbNumber } from './rb-number.ts'
import { classOfRequest } from './reduction-classes.ts'
import { isFinal, isLegalMove, legalMoves, reductionStates } from './reduction-states.ts'
import { secondsUntilNextTry } from './waiting.ts'

describe('parseRbNumber', () => {
  it.each(['1510111', ' 2010112 ', '1000000', '9999999'])('takes %j', (text) => {
    expect(parseRbNumber(text)).toBe(Number(text))
  })
  it.each(['0', '-1', '123456', '0999999', '12345678', 'CAL_MARI_24_3', '', '１５１０１１１', '1510111.0'])(
    'refuses %j',
    (text) => {
      expect(parseRbNumber(text)).toBeUndefined()
    },
  )
})

describe('parseInstrumentName', () => {
  it('understands the archive’s form and any case', () => {
    expect(parseInstrumentName(' ndxenginx ')).toBe('ENGINX')
    expect(parseInstrumentName('sans2d')).toBe('SANS2D')
  })
  it.each(['', '../etc', 'A/B', 'É', 'X'.repeat(40), '2D'])('refuses %j, since names become paths', (text) => {
    expect(parseInstrumentName(text)).toBeUndefined()
  })
  it('knows short prefixes and falls back on the name itself', () => {
    expect(filePrefixes('MARI')).toContain('MAR')
    expect(filePrefixes('NEWONE')).toEqual(['NEWONE'])
  })
})

describe('nearestName', () => {
  it('forgives two slips and no more', () => {
    expect(nearestName('ENGNX', ['ENGINX', 'IRIS'])).toBe('ENGINX')
    expect(nearestName('WISHES', ['ENGINX', 'IRIS'])).toBeUndefined()
  })
})

describe('states', () => {
  it('never leave an end: nothing moves a finished reduction', () => {
    for (const { from } of legalMoves) expect(isFinal(from)).toBe(false)
  })
  it('let a reduction be taken back only by being lost or released', () => {
    expect(legalMoves.filter(({ to }) => to === 'Queued').map(({ move }) => move)).toEqual(['lost', 'release'])
    expect(isLegalMove('claim', 'Completed', 'Processing')).toBe(false)
  })
  it('can all be reached', () => {
    const reached = new Set(['Queued', ...legalMoves.map(({ to }) => to)])
    expect(reductionStates.every((state) => reached.has(state))).toBe(true)
  })
  it('keep a submitted detection submitted', () => {
    expect(detectionStates.some((state) => canDetectionChange('submitted', state))).toBe(false)
  })
})

describe('classOfRequest', () => {
  it('calls more than twenty runs bulk', () => {
    expect([classOfRequest(1), classOfRequest(20), classOfRequest(21)]).toEqual(['rerun', 'rerun', 'bulk'])
  })
})

describe('secondsUntilNextTry', () => {
  it('grows with the waiting, from nearly every pass to five minutes', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (waited, more) => {
        expect(secondsUntilNextTry(waited + more)).toBeGreaterThanOrEqual(secondsUntilNextTry(waited))
        expect(secondsUntilNextTry(waited)).toBeGreaterThan(0)
        expect(secondsUntilNextTry(waited)).toBeLessThanOrEqual(300)
      }),
    )
  })
})
