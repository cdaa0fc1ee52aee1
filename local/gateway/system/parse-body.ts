import type { Context } from 'hono'
import type { z } from 'zod'

/** The JSON body, or the sentence that says what is wrong with it. */
export async function parseBody<T>(context: Context, schema: z.ZodType<T>): Promise<{ value: T } | { reason: string }> {
  const text = await context.req.text()
  let json: unknown
  try {
    json = text === '' ? {} : JSON.parse(text)
  } catch {
    return { reason: 'the body is not JSON' }
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return { value: parsed.data }
  return { reason: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ') }
}
