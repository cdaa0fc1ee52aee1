/** Words for numbers that appear on several pages. */
const grouped = new Intl.NumberFormat('en-GB')

export const numberWords = (value: number): string => grouped.format(value)

/** `1 run`, `3 runs`. */
export const countWords = (count: number, one: string, many = `${one}s`): string =>
  `${numberWords(count)} ${count === 1 ? one : many}`

/** Proton charge in µA·h with the digits that mean something: `22.6`, `0.03`, `148`. */
export const chargeWords = (charge: number): string => {
  if (charge === 0) return '0'
  const size = Math.abs(charge)
  if (size < 0.001) return charge.toExponential(1)
  return charge.toFixed(size >= 100 ? 0 : size >= 1 ? 1 : size >= 0.1 ? 2 : 3)
}

/** `812 bytes`, `3.1 MB`: decimal units, as file managers show them. */
export const sizeWords = (bytes: number): string => {
  if (bytes < 1000) return countWords(bytes, 'byte')
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1000
  let place = 0
  while (value >= 999.5 && place < units.length - 1) {
    value /= 1000
    place += 1
  }
  return `${value >= 99.5 ? value.toFixed(0) : Number(value.toPrecision(2))} ${units[place] ?? ''}`
}

/** `1st`, `2nd`, `11th`. */
export const ordinal = (value: number): string => {
  const teen = value % 100 >= 11 && value % 100 <= 13
  const ending = teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')
  return `${numberWords(value)}${ending}`
}

/** `Waiting for its file.` as a part of a longer sentence: without the full stop. */
export const withoutStop = (sentence: string): string => sentence.replace(/\.\s*$/, '')
