import { z } from 'zod'

/** RFC 3339, UTC, e.g. `2026-11-22T21:56:06.123Z`. */
export const time = z.string().meta({ format: 'date-time' })
