import { setTimeout as waitMs } from 'node:timers/promises'
import { lastrunPath } from './archive-paths.ts'
import { largestLastrunBytes, parseLastrun } from './parse-lastrun.ts'
import { readBytes, withRegularFile } from './regular-file.ts'

/** `reason` is a sentence for the people of that instrument. */
export type LastrunReading =
  | { readonly kind: 'read'; readonly lastRun: number; readonly path: string }
  | { readonly kind: 'problem'; readonly reason: string; readonly path: string }

// The control system rewrites the file in place: a look in between finds it absent, empty or half written.
const secondLookAfterMs = 60

/** What the instrument's counter shows. A file in trouble is looked at twice before that is said. */
export const readLastrun = async (
  root: string,
  instrument: string,
  pause: (ms: number) => Promise<unknown> = waitMs,
): Promise<LastrunReading> => {
  const first = await lookOnce(root, instrument)
  if (first.kind === 'read') return first
  await pause(secondLookAfterMs)
  return lookOnce(root, instrument)
}

const lookOnce = async (root: string, instrument: string): Promise<LastrunReading> => {
  const path = lastrunPath(root, instrument)
  const result = await withRegularFile(path, async (file) =>
    parseLastrun(await readBytes(file, 0, largestLastrunBytes + 1)),
  )
  if ('lastrun' in result) return { kind: 'read', lastRun: result.lastrun.lastRun, path }
  const reason =
    'absent' in result
      ? `The file lastrun.txt of ${instrument} ${result.fault}. New runs of ${instrument} are not seen until it can be read: ${path}`
      : `The file lastrun.txt of ${instrument} cannot be understood. ${result.fault} New runs of ${instrument} are not seen until it is right: ${path}`
  return { kind: 'problem', reason, path }
}
