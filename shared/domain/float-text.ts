/** The text of a finite float as Python's `repr` gives it, without the plus sign of its exponent: the one text that a float has here. */
export const floatText = (value: number): string => {
  if (Object.is(value, -0)) return '-0.0'
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(value.toExponential())
  if (!match) return String(value)
  const [, sign = '', first = '0', rest = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  const digits = first + rest
  if (exponent < -4 || exponent >= 16) {
    const padded = `${exponent < 0 ? '-' : ''}${String(Math.abs(exponent)).padStart(2, '0')}`
    return `${sign}${first}${rest === '' ? '' : `.${rest}`}e${padded}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}
