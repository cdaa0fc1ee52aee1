import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { becomesTrue } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { databaseNow } from './database-clock.ts'

/** Seconds from the change of `lastrun.txt`, by the database's clock, which is this machine's. */
export type FreshRun = {
  readonly instrument: string
  readonly run: number
  readonly detected: number
  readonly submitted: number
  /** A processor has it. */
  readonly started: number
  /** The first line of its script. */
  readonly firstLine: number
  readonly completed: number
}

/** Writes down when its first line ran; otherwise does nothing. */
export const timingScript = `import time
first_line = time.time()

def main(input_file, output_dir):
    with open(output_dir + "first-line.txt", "w") as file:
        file.write(repr(first_line))
`

const timesSchema = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  detectedAt: z.date(),
  submittedAt: z.date(),
  startedAt: z.date().nullable(),
  finishedAt: z.date().nullable(),
  resultsPath: z.string().nullable(),
})

/**
 * One new run of an instrument that has `timingScript`: its file appears, its counter changes, it is reduced.
 * @throws where it does not end Completed within the time
 */
export const measureRun = async (
  { archive, database }: Stack,
  instrument: string,
  run: number,
  withinMs = 120_000,
): Promise<FreshRun> => {
  await archive.addRuns(instrument, [run])
  const changedAt = await databaseNow(database)
  await archive.announce(instrument, run)
  let times: z.infer<typeof timesSchema> | undefined
  await becomesTrue(
    async () => {
      ;[times] = await database.rows(
        timesSchema,
        `SELECT reductions.state, reductions.reason, detected_at AS detectedAt, submitted_at AS submittedAt,
           started_at AS startedAt, finished_at AS finishedAt, results_path AS resultsPath
         FROM reductions JOIN detections ON detections.instrument = reductions.instrument AND run_number = target
         WHERE reductions.instrument = ? AND target = ?`,
        [instrument, String(run)],
      )
      return times !== undefined && times.finishedAt !== null
    },
    withinMs,
    100,
  )
  if (times?.state !== 'Completed' || times.startedAt === null || times.finishedAt === null) {
    throw new Error(
      `${instrument} ${run} is ${times?.state ?? 'not recorded'} after ${withinMs / 1000} s: ${times?.reason}`,
    )
  }
  const firstLine = Number(await readFile(join(times.resultsPath ?? '', 'first-line.txt'), 'utf8'))
  const since = (at: Date): number => (at.getTime() - changedAt.getTime()) / 1000
  return {
    instrument,
    run,
    detected: since(times.detectedAt),
    submitted: since(times.submittedAt),
    started: since(times.startedAt),
    firstLine: since(new Date(firstLine * 1000)),
    completed: since(times.finishedAt),
  }
}
