import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GivenArguments } from '#contracts/variables.ts'
import { chooseVariables, type ConfiguredChoice } from './choose-variables.ts'

const whole = (value: number) => ({ type: 'integer', value: String(value) }) as const
const from = (startRun: number, values: Readonly<Record<string, number>>): ConfiguredChoice => ({
  source: { kind: 'start-run', startRun },
  variables: Object.entries(values).map(([name, value]) => ({
    group: 'standard',
    name,
    value: whole(value),
    declaredType: 'integer',
  })),
})
const forExperiment = (rbNumber: number, values: Readonly<Record<string, number>>): ConfiguredChoice => ({
  ...from(0, values),
  source: { kind: 'experiment', rbNumber },
})
const shown = (chosen: GivenArguments): Record<string, string> =>
  Object.fromEntries(
    chosen.map(({ name, typed, plain, from: source }) => [
      name,
      `${typed?.type === 'integer' ? typed.value : String(plain)} ${source?.kind ?? 'submission'}`,
    ]),
  )

describe('the variables of a new run', () => {
  const configured = [
    from(100, { a: 1, b: 1 }),
    from(200, { a: 2, c: 2, d: 2 }),
    from(300, { a: 3 }),
    forExperiment(1_920_234, { a: 10, c: 10 }),
    forExperiment(1_920_235, { a: 11 }),
  ]

  it('are those given, else its experiment’s, else those of the latest start run up to it', () => {
    const given: GivenArguments = [{ name: 'a', plain: 7 }]
    const run = { runNumber: 299, rbNumber: 1_920_234 }
    expect(shown(chooseVariables(given, configured, run))).toEqual({
      a: '7 submission',
      c: '10 experiment',
      d: '2 start-run',
    })
    expect(shown(chooseVariables([], configured, { runNumber: 300, rbNumber: 1_000_000 }))).toEqual({
      a: '3 start-run',
    })
    expect(chooseVariables([], configured, { runNumber: 99, rbNumber: null })).toEqual([])
  })

  it('tell the groups apart, unless one of two says none', () => {
    const advanced: ConfiguredChoice = {
      source: { kind: 'start-run', startRun: 1 },
      variables: [{ group: 'advanced', name: 'a', value: whole(5), declaredType: 'integer' }],
    }
    const run = { runNumber: 1, rbNumber: null }
    expect(chooseVariables([{ group: 'standard', name: 'a', plain: 1 }], [advanced], run)).toHaveLength(2)
    expect(chooseVariables([{ name: 'a', plain: 1 }], [advanced], run)).toEqual([{ name: 'a', plain: 1 }])
  })

  it('never depend on the order in which configurations come, and never name a variable twice', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 60 }),
        (starts, runNumber) => {
          const all = starts.map((start) => from(start, { a: start, [`only ${start}`]: start }))
          const run = { runNumber, rbNumber: null }
          const chosen = chooseVariables([], all, run)
          expect(chooseVariables([], all.toReversed(), run)).toEqual(chosen)
          const latest = Math.max(0, ...starts.filter((start) => start <= runNumber))
          expect(shown(chosen)['a']).toBe(latest === 0 ? undefined : `${latest} start-run`)
          expect(new Set(chosen.map(({ name }) => name)).size).toBe(chosen.length)
        },
      ),
    )
  })
})
