import { lockInstrument, recordReductions } from '#database/queries/record-reductions.ts'
import type { ReductionClass } from '#domain/reduction-classes.ts'
import type { TestApi } from './an-api.fixture.ts'

const script = { files: [{ name: 'reduce.py', base64: Buffer.from('def main(i, o): pass').toString('base64') }] }

const nothingKnown = {
  title: null,
  startedAt: null,
  endedAt: null,
  durationSeconds: null,
  goodFrames: null,
  rawFrames: null,
  protonCharge: null,
  userNames: null,
  definition: null,
}

export type ToQueue = {
  readonly instrument?: string
  readonly runs: readonly number[]
  readonly class?: ReductionClass
  readonly submission?: string
  readonly rbNumber?: number
  readonly filePath?: string
}

/** Puts reductions into the line as `submit` does. @returns their numbers, in the order of the runs */
export const queueRuns = async ({ database }: TestApi, asked: ToQueue): Promise<readonly number[]> => {
  const { instrument = 'MARI', rbNumber = 1_920_234 } = asked
  const recorded = await database.transaction(async (sql) => {
    await lockInstrument(sql, instrument)
    return recordReductions(
      sql,
      {
        instrument,
        class: asked.class ?? 'fresh',
        startedBy: 'Ada',
        description: null,
        software: null,
        script,
        given: [],
        submission: asked.submission ?? null,
      },
      asked.runs.map((runNumber) => ({
        runNumber,
        metadata: {
          ...nothingKnown,
          rbNumber,
          rbText: String(rbNumber),
          filePath: asked.filePath ?? `/archive/${instrument}${runNumber}.nxs`,
          fileSizeBytes: 1,
          fileModifiedAt: new Date(0),
        },
        rbNumber,
        versionsOnDisk: undefined,
        start: { state: 'Queued' },
      })),
    )
  })
  return asked.runs.map((run) => recorded.find(({ runNumber }) => runNumber === run)?.reductionId ?? 0)
}
