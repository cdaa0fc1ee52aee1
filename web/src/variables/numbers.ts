import { floatText } from '#domain/float-text.ts'
import type { VariableValue } from '#domain/variables.ts'

type NumberValue = Extract<VariableValue, { type: 'integer' | 'float' }>

/** A number as people and Python write it: `5`, `-0.5`, `.5`, `1.`, `1e-3`, `1_000`. Whole numbers of any length stay exact. */
export const parseNumber = (text: string): { readonly value: NumberValue } | { readonly fault: string } => {
  const trimmed = text.trim()
  if (/^[+-]?(nan|inf|infinity)$/i.test(trimmed))
    return { fault: 'is not a finite number, and no variable may hold one' }
  const plain = /^[+-]?[\d_.eE+-]+$/.test(trimmed) ? trimmed.replace(/(?<=\d)_(?=\d)/g, '') : trimmed
  const whole = /^([+-]?)(\d+)$/.exec(plain)
  if (whole) {
    const digits = (whole[2] ?? '').replace(/^0+(?=\d)/, '')
    return { value: { type: 'integer', value: `${whole[1] === '-' && digits !== '0' ? '-' : ''}${digits}` } }
  }
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain)) {
    const value = Number(plain)
    if (!Number.isFinite(value)) return { fault: 'is too large for a number' }
    return { value: { type: 'float', value: floatText(value) } }
  }
  if (/^[+-]?\d+,\d+$/.test(plain)) return { fault: 'has a comma; write the decimal point as a full stop' }
  return { fault: 'is not a number; write digits such as 5 or 0.5' }
}
