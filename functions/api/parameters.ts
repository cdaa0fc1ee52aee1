import { z } from '@hono/zod-openapi'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { unknownNames } from './say-what-is-wrong.ts'

export type Reading<Value> = { readonly value: Value } | { readonly fault: string }
type Documentation = { readonly type: 'string' | 'integer' | 'boolean'; readonly description: string } & Record<
  string,
  unknown
>

/** A parameter that is read from its text by a function that says what is wrong with it. Empty counts as absent. */
export const parameter = <Value>(read: (text: string) => Reading<Value>, documentation: Documentation) =>
  z
    .string()
    .transform((text, context): Value | undefined => {
      if (text.trim() === '') return undefined
      const reading = read(text.trim())
      if ('value' in reading) return reading.value
      context.addIssue({ code: 'custom', message: reading.fault })
      return z.NEVER
    })
    .optional()
    .openapi(documentation)

/** The parameters of a query; others are refused by name, since a mistyped filter would show everything. */
export const queryOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? unknownNames('parameter', issue.keys, Object.keys(shape)) : undefined,
  })

/** The fields of a body; others are refused by name, since a mistyped one would silently do nothing. */
export const bodyOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? unknownNames('field', issue.keys, Object.keys(shape)) : undefined,
  })

/** Bounds that nobody meets are not worth telling. */
const boundsWorthTelling = 1e9

const wholeNumber =
  (name: string, smallest: number, largest: number) =>
  (text: string): Reading<number> => {
    const value = /^-?[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= smallest && value <= largest) return { value }
    const bounds = largest > boundsWorthTelling ? '' : ` from ${smallest} to ${largest}`
    return { fault: `“${name}” must be a whole number${bounds}; “${text}” is none.` }
  }

export const wholeNumberParameter = (
  name: string,
  smallest: number,
  largest: number,
  description: string,
  standard?: number,
) =>
  parameter(wholeNumber(name, smallest, largest), {
    type: 'integer',
    minimum: smallest,
    maximum: largest,
    description,
    ...(standard !== undefined && { default: standard }),
  })

/** One or several of a fixed set of words: `a,b` or the parameter given twice; upper or lower case. `hints` answer what people try. */
export const wordsParameter = <Word extends string>(
  name: string,
  words: readonly Word[],
  description: string,
  hints: Readonly<Record<string, string>> = {},
) =>
  z
    .union([z.string(), z.array(z.string())])
    .transform((given, context): readonly Word[] | undefined => {
      const texts = (Array.isArray(given) ? given : [given])
        .flatMap((text) => text.split(','))
        .map((text) => text.trim())
      const found = new Set<Word>()
      for (const text of texts) {
        if (text === '') continue
        const word = words.find((known) => known.toLowerCase() === text.toLowerCase())
        if (word === undefined) {
          const hint = hints[text.toLowerCase()] ?? `${unknownNames(name, [text], words)}`
          context.addIssue({ code: 'custom', message: hint })
          return z.NEVER
        }
        found.add(word)
      }
      return found.size === 0 ? undefined : [...found]
    })
    .optional()
    .openapi({ type: 'string', description: `${description} One or several, with commas: ${words.join(', ')}.` })

export const booleanParameter = (name: string, description: string) =>
  parameter(
    (text): Reading<boolean> =>
      /^(true|1|yes)$/i.test(text)
        ? { value: true }
        : /^(false|0|no)$/i.test(text)
          ? { value: false }
          : { fault: `“${name}” is true or false; “${text}” is neither.` },
    { type: 'boolean', description },
  )

export const instrumentFault = (text: string): string =>
  `“${text}” cannot be the name of an instrument. Names look like ENGINX; GET instruments lists them.`

/** The number of a thing in a path, such as `/reductions/42`. */
export const idInPath = (what: string) =>
  z.object({
    id: z
      .string()
      .transform((text, context) => {
        if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text)
        context.addIssue({
          code: 'custom',
          message: `“${text}” is not the number of a ${what}. It is a whole number such as 42.`,
        })
        return z.NEVER
      })
      .openapi({ type: 'integer', description: `The number of the ${what}.`, example: 42 }),
  })

export const instrumentInPath = z.object({
  name: z
    .string()
    .transform((text, context) => {
      const name = parseInstrumentName(text)
      if (name !== undefined) return name
      context.addIssue({ code: 'custom', message: instrumentFault(text) })
      return z.NEVER
    })
    .openapi({ type: 'string', description: 'The name of the instrument; upper or lower case.', example: 'ENGINX' }),
})

/** For requests that make something: a repeat with the same key makes nothing more. */
export const keyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, 'an Idempotency-Key is 1 to 128 visible ASCII characters')
    .optional()
    .openapi({
      description: 'Makes a repeat of the very same request harmless; 1 to 128 visible ASCII characters.',
    }),
})
