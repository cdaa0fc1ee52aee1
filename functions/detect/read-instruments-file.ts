import { readFile } from 'node:fs/promises'
import { parse } from 'yaml'
import type { z } from 'zod'
import { instrumentsFileSchema, type InstrumentSettings } from '#contracts/instruments-file.ts'

export type InstrumentsFile = { readonly instruments: readonly InstrumentSettings[] } | { readonly fault: string }

/** Reads INSTRUMENTS_FILE, or says in words what is wrong with it and that nothing was changed. */
export const readInstrumentsFile = async (path: string): Promise<InstrumentsFile> => {
  const fault = (what: string): InstrumentsFile => ({
    fault: `The file of instruments (${path}) ${what} Until it is mended, the instruments stay as they were last configured.`,
  })
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    return fault(`cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`)
  }
  return parseInstrumentsFile(text, fault)
}

export const parseInstrumentsFile = (text: string, fault: (what: string) => InstrumentsFile): InstrumentsFile => {
  let content: unknown
  try {
    content = parse(text)
  } catch (cause) {
    return fault(`is not YAML: ${cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)}.`)
  }
  const parsed = instrumentsFileSchema.safeParse(content)
  if (parsed.success) return { instruments: parsed.data }
  return fault(`is wrong: ${parsed.error.issues.map((issue) => describeIssue(issue, content)).join('; ')}.`)
}

const describeIssue = ({ path, message }: z.core.$ZodIssue, content: unknown): string => {
  if (path.length === 0) return `it ${Array.isArray(content) ? message : 'should be a list of instruments'}`
  const [place, ...field] = path
  const entry: unknown = Array.isArray(content) && typeof place === 'number' ? content[place] : undefined
  const name: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'name') : entry
  const which = typeof name === 'string' ? name : `entry ${Number(place) + 1}`
  return `${which}${field.length > 0 ? `, ${field.join('.')}` : ''}: ${message}`
}
