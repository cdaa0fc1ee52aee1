import { z } from 'zod'
import type { Run } from '#contracts/api.ts'
import { reductionStates } from '#domain/reduction-states.ts'
import { integer, isoInstant } from './column-parsers.ts'

/** What is selected of a run and its newest reduction; goes with `runs LEFT JOIN reductions AS latest`. */
export const runColumns = `runs.id AS runId, runs.instrument, runs.run_number AS runNumber, runs.title,
  runs.rb_number AS rbNumber, runs.rb_text AS rbText, runs.started_at AS startedAt, runs.ended_at AS endedAt,
  runs.good_frames AS goodFrames, runs.raw_frames AS rawFrames, runs.proton_charge AS protonCharge,
  latest.id AS latestId, latest.version AS latestVersion, latest.state AS latestState, latest.reason AS latestReason,
  latest.started_at AS latestStartedAt, latest.finished_at AS latestFinishedAt`

export const withLatest = 'LEFT JOIN reductions AS latest ON latest.id = runs.latest_reduction_id'

export const runRowSchema = z.object({
  runId: integer,
  instrument: z.string(),
  runNumber: integer,
  title: z.string().nullable(),
  rbNumber: integer.nullable(),
  rbText: z.string().nullable(),
  startedAt: isoInstant.nullable(),
  endedAt: isoInstant.nullable(),
  goodFrames: integer.nullable(),
  rawFrames: integer.nullable(),
  protonCharge: z.number().nullable(),
  latestId: integer.nullable(),
  latestVersion: integer.nullable(),
  latestState: z.enum(reductionStates).nullable(),
  latestReason: z.string().nullable(),
  latestStartedAt: isoInstant.nullable(),
  latestFinishedAt: isoInstant.nullable(),
})
export type RunRow = z.infer<typeof runRowSchema>

export const runOf = (row: RunRow): Run => {
  const { instrument, runNumber, title, rbNumber, rbText, startedAt, endedAt, goodFrames, rawFrames, protonCharge } =
    row
  const latest =
    row.latestId !== null && row.latestVersion !== null && row.latestState !== null
      ? {
          id: row.latestId,
          version: row.latestVersion,
          state: row.latestState,
          reason: row.latestReason,
          startedAt: row.latestStartedAt,
          finishedAt: row.latestFinishedAt,
        }
      : null
  return {
    instrument,
    runNumber,
    title,
    rbNumber,
    rbText,
    startedAt,
    endedAt,
    goodFrames,
    rawFrames,
    protonCharge,
    latest,
  }
}
