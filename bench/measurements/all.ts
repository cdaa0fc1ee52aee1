import type { Measurement } from '../figure.ts'
import { burst } from './burst.ts'
import { detection } from './detection.ts'
import { firstLine } from './first-line.ts'
import { gateway } from './gateway.ts'
import { growth } from './growth.ts'
import { liveLog } from './live-log.ts'
import { memory } from './memory.ts'
import { overhead } from './overhead.ts'
import { start } from './start.ts'
import { submission } from './submission.ts'

/** In this order: memory first, while nothing has been asked of the stack; what fills the archive last. */
export const measurements: readonly Measurement[] = [
  memory,
  gateway,
  overhead,
  firstLine,
  start,
  liveLog,
  burst,
  submission,
  detection,
  growth,
]
