import { durationWords } from '../time/durations.ts'
import { numberWords, sizeWords } from './plain-words.ts'

const names: Readonly<Record<string, string>> = {
  wallSeconds: 'Time',
  outputBytes: 'Output',
  logBytes: 'Log kept',
  memoryBytes: 'Memory',
  processes: 'Processes',
  openFiles: 'Open files',
}

/** `wallSeconds` as `Time`; a name of a newer service as it is, in words: `swapBytes` as `Swap`. */
export const limitName = (name: string): string => {
  const known = names[name]
  if (known !== undefined) return known
  const words = name.replace(/(Seconds|Bytes)$/, '').replaceAll(/([A-Z])/g, ' $1')
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase()
}

/** A limit in the unit that its name says; `none` where there is none. */
export const limitValue = (name: string, value: number | null | undefined): string => {
  if (value === undefined) return 'not known'
  if (value === null) return 'none'
  if (name.endsWith('Seconds')) return durationWords(value)
  return name.endsWith('Bytes') ? sizeWords(value) : numberWords(value)
}
