import { describe, expect, it } from 'vitest'
import { choicesFor, runsOfCounterNotice } from './counter-notices.ts'

describe('notices about a counter', () => {
  it('offer a choice, and no other notice does', () => {
    expect(choicesFor('gap-too-large')).toEqual(['submit', 'set-cursor', 'dismiss'])
    expect(choicesFor('counter-stepped-back')).toEqual(['submit', 'set-cursor', 'dismiss'])
    expect(choicesFor('lastrun-problem')).toEqual([])
  })

  it('name all the runs that a jump left out', () => {
    expect(runsOfCounterNotice('gap-too-large', { cursor: 100, lastRun: 350 })).toEqual({ first: 101, last: 350 })
  })

  it('name the one run that a counter shows which stepped back', () => {
    expect(runsOfCounterNotice('counter-stepped-back', { cursor: 100, lastRun: 40 })).toEqual({ first: 40, last: 40 })
  })
})
