/** A number from the environment; empty counts as not given. */
export const numberSetting = (name: string, usual: number): number => {
  const text = process.env[name] ?? ''
  const number = text === '' ? usual : Number(text)
  if (Number.isFinite(number) && number >= 0) return number
  console.error(`${name} must be a number.`)
  process.exit(2)
}
