import { z } from 'zod'

/** A file of a script, byte for byte: Python sources may be in any encoding. */
export const scriptFileSchema = z.object({ name: z.string().min(1).max(500), base64: z.string() })

/** reduce.py first, then reduce_vars.py where there is one, then the neighbours they import (`name` relative, `/` between parts). */
export const scriptFilesSchema = z.array(scriptFileSchema).min(1)
export type ScriptFiles = z.infer<typeof scriptFilesSchema>
