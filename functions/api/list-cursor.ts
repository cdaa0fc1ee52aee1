import { z } from 'zod'
import type { ListPlace } from '#database/queries/keyset-page.ts'

const placeSchema = z.tuple([
  z.string().max(40),
  z
    .array(z.union([z.string().max(64), z.number().int()]))
    .min(1)
    .max(4),
])

/** A place in a list as the text that a caller hands back; it means nothing to them. */
export const encodeCursor = ({ order, key }: ListPlace): string =>
  Buffer.from(JSON.stringify([order, key])).toString('base64url')

/** Undefined where the text never was a cursor of ours. */
export const decodeCursor = (text: string): ListPlace | undefined => {
  try {
    const parsed = placeSchema.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')))
    return parsed.success ? { order: parsed.data[0], key: parsed.data[1] } : undefined
  } catch {
    return undefined
  }
}

export const strangeCursor =
  'This cursor does not belong to this list. Take “next” of a page with the same filters, or leave the cursor out to start anew.'
