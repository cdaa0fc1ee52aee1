import { z } from 'zod'

/** BIGINT, COUNT and SUM columns arrive as numbers or, when the driver is careful, as text. */
export const integer = z.union([z.number(), z.string().regex(/^-?[0-9]+$/)]).transform(Number)

/** BOOLEAN columns arrive as 0 or 1. */
export const flag = z.union([z.literal(0), z.literal(1), z.boolean()]).transform(Boolean)

export const instant = z.date()

/** A time as the API gives it: RFC 3339, UTC, milliseconds. */
export const isoInstant = z.date().transform((time) => time.toISOString())

/** JSON kept in a TEXT column. */
export const jsonText = <Value>(schema: z.ZodType<Value>): z.ZodType<Value> =>
  z.string().transform((text, context) => {
    const parsed = schema.safeParse(JSON.parse(text))
    if (parsed.success) return parsed.data
    context.addIssue({ code: 'custom', message: parsed.error.message })
    return z.NEVER
  })
