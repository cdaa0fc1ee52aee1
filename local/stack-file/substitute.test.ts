import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StackFileFault, substituteVariables } from './substitute.ts'

describe('variables in stack.yml', () => {
  it.each([
    ['${A}', 'a'],
    ['${MISSING}', ''],
    ['${MISSING:-else}', 'else'],
    ['${EMPTY:-else}', 'else'],
    ['${A:-else}', 'a'],
    ['${MISSING:-}', ''],
    ['${MISSING:-http://127.0.0.1:8080}', 'http://127.0.0.1:8080'],
    ['$$', '$'],
    ['$${A}', '${A}'],
    ['$A costs $5', '$A costs $5'],
    ['x: "${A}/${A}"', 'x: "a/a"'],
  ])('%s becomes %s', (text, expected) => {
    expect(substituteVariables(text, { A: 'a', EMPTY: '' })).toBe(expected)
  })

  it.each(['${A-else}', '${}', '${A', '${A:else}', '${A:=else}', '${1A}'])('%s is refused with its line', (text) => {
    expect(() => substituteVariables(`one: 1\ntwo: ${text}`, { A: 'a' })).toThrow(StackFileFault)
    expect(() => substituteVariables(`one: 1\ntwo: ${text}`, { A: 'a' })).toThrow(/line 2/)
  })

  it('leaves text without a dollar alone, and never looks into values again', () => {
    fc.assert(fc.property(fc.string(), (value) => substituteVariables('${V:-}', { V: value }) === value))
    fc.assert(
      fc.property(
        fc.string().filter((text) => !text.includes('$')),
        (text) => substituteVariables(text, {}) === text,
      ),
    )
  })
})
