import { z } from 'zod'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { softwareSchema } from './submission.ts'

const name = z.string().transform((text, context) => {
  const parsed = parseInstrumentName(text)
  if (parsed !== undefined) return parsed
  context.addIssue({ code: 'custom', message: `“${text}” cannot be an instrument's name` })
  return z.NEVER
})

/** One instrument as INSTRUMENTS_FILE describes it; what is left out has the default given here. */
export const instrumentSettingsSchema = z.strictObject({
  name,
  /** Its new runs are detected and reduced. */
  active: z.boolean().default(true),
  /** Results lie in `autoreduced/` itself, without a folder for each version. */
  flat: z.boolean().default(false),
  /** Beginnings of its raw files' names, the likeliest first; the facility's usual ones where left out. */
  prefixes: z
    .array(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,31}$/, 'is not the beginning of a raw file’s name'))
    .min(1)
    .optional(),
  timeLimitSeconds: z.int().min(1).max(604_800).default(3_600),
  /** How long a run whose file is not usable is tried again. */
  waitHours: z.int().min(1).max(8_760).default(24),
  /** A jump of the counter beyond this many runs asks a person. */
  gapLimit: z.int().min(1).max(100_000).default(100),
  software: softwareSchema.strict().optional(),
})
export type InstrumentSettings = z.infer<typeof instrumentSettingsSchema>

/** Content of INSTRUMENTS_FILE (YAML): a list of instruments, each a name or a mapping. It says all that is watched. */
export const instrumentsFileSchema = z
  .array(z.union([z.string().transform((text) => ({ name: text })), z.looseObject({})]).pipe(instrumentSettingsSchema))
  .superRefine((instruments, context) => {
    const names = instruments.map((one) => one.name)
    const twice = names.find((one, place) => names.indexOf(one) !== place)
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `names ${twice} twice` })
  })
