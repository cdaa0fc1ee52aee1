import { z } from 'zod'
import { reproducesSchema, type Reproduces } from '#contracts/reproduces.ts'
import { scriptFilesSchema, type ScriptFiles } from '#contracts/script.ts'
import type { Software } from '#contracts/submission.ts'
import { givenArgumentsSchema, type GivenArguments } from '#contracts/variables.ts'
import { usualLeaseSeconds } from '#domain/lease.ts'
import { reductionClasses } from '#domain/reduction-classes.ts'
import { whoIsNext } from '#domain/who-is-next.ts'
import type { Database, Sql } from '../connection.ts'
import { DatabaseFault } from '../faults.ts'
import { flag, instant, integer, jsonText } from './column-parsers.ts'
import { moveReduction } from './move-reduction.ts'
import { readLineHeads, readRunning } from './line.ts'
import { slotsAlive } from './processors.ts'

const claimedRowSchema = z.object({
  reductionId: integer,
  fence: integer,
  instrument: z.string(),
  target: z.string(),
  version: integer,
  class: z.enum(reductionClasses),
  rbNumber: integer.nullable(),
  startedBy: z.string(),
  description: z.string().nullable(),
  softwareName: z.string().nullable(),
  softwareVersion: z.string().nullable(),
  scriptSha256: z.string(),
  scriptFiles: jsonText(scriptFilesSchema),
  given: jsonText(givenArgumentsSchema).nullable(),
  timeLimitSeconds: integer,
  isFlat: flag,
  lostCount: integer,
  submittedAt: instant,
  reproduces: jsonText(reproducesSchema).nullable(),
})

const claimedRunSchema = z.object({
  runNumber: integer,
  title: z.string().nullable(),
  filePath: z.string(),
  fileSizeBytes: integer.nullable(),
  fileModifiedAt: instant.nullable(),
})
export type ClaimedRun = z.infer<typeof claimedRunSchema>

/** A reduction that this processor now holds, with all it needs to run it. */
export type Claim = {
  readonly reductionId: number
  /** Goes with every later word about this reduction; see `lease-*.ts`. */
  readonly fence: number
  readonly instrument: string
  /** The run number as text, or `batch-<first>-<last>`. */
  readonly target: string
  readonly version: number
  readonly class: (typeof reductionClasses)[number]
  readonly rbNumber: number | null
  readonly startedBy: string
  readonly description: string | null
  /** Null: whatever environment the processor calls its default. */
  readonly software: Software | null
  readonly scriptSha256: string
  readonly scriptFiles: ScriptFiles
  readonly given: GivenArguments
  readonly timeLimitSeconds: number
  readonly isFlat: boolean
  readonly lostCount: number
  readonly submittedAt: Date
  /** The earlier reduction that this one repeats exactly. */
  readonly reproduces: Reproduces | null
  readonly runs: readonly ClaimedRun[]
}

const idSchema = z.object({ id: integer })

const nameSchema = z.object({ name: z.string() })

/**
 * Takes the reduction that is next, by the rules of `domain/who-is-next.ts`, or undefined where nothing may start. Whoever asks
 * holds the turnstile meanwhile, so two processors never decide on the same picture.
 */
export const claimNext = (
  database: Database,
  asking: {
    readonly processor: string
    readonly environments: readonly Software[]
    readonly hasDefaultEnvironment: boolean
    readonly leaseSeconds?: number
    /** Instruments whose results this processor cannot write now; others may. */
    readonly exceptInstruments?: readonly string[]
    /** Told of a reduction that was ended because its record cannot be read. */
    readonly onUnreadable?: (reductionId: number, fault: unknown) => void
  },
): Promise<Claim | undefined> =>
  database.transaction(async (sql) => {
    await sql.rows(nameSchema, `SELECT name FROM turnstiles WHERE name = 'line' FOR UPDATE`)
    const running = await readRunning(sql)
    const heads = (await readLineHeads(sql)).filter(({ instrument }) => !asking.exceptInstruments?.includes(instrument))
    const order = whoIsNext({ slots: await slotsAlive(sql), running, heads })
    const mine = asking.environments.map(({ name, version }) => `${name} ${version}`)

    // Nearly always the first head is taken; the next is only asked where this processor lacks the software of the first.
    for (const head of order) {
      const [next] = await sql.rows(
        idSchema,
        `SELECT id FROM reductions WHERE state = 'Queued' AND class = ? AND instrument = ?
           AND ((software_name IS NULL AND ?) OR CONCAT(software_name, ' ', software_version) IN (?))
         ORDER BY queued_at, id LIMIT 1`,
        [head.class, head.instrument, asking.hasDefaultEnvironment, mine.length > 0 ? mine : ['']],
      )
      if (!next) continue
      const isMine = await moveReduction(sql, {
        reductionId: next.id,
        move: 'claim',
        from: 'Queued',
        to: 'Processing',
        reason: null,
        set: [
          ['fence = fence + 1'],
          ['lease_owner = ?', asking.processor],
          ['lease_expires_at = UTC_TIMESTAMP(6) + INTERVAL ? SECOND', asking.leaseSeconds ?? usualLeaseSeconds],
          ['started_at = UTC_TIMESTAMP(6)'],
          ['finished_at = NULL'],
          ['step = NULL'],
          ['decided_outcome = NULL'],
        ],
      })
      const claim = isMine ? await readOrEnd(sql, next.id, asking.onUnreadable) : undefined
      if (claim) return claim
    }
    return undefined
  })

/** One that cannot be read ends here: left in line it would be next again and again, and stand before everybody else for ever. */
const readOrEnd = async (
  sql: Sql,
  reductionId: number,
  onUnreadable?: (reductionId: number, fault: unknown) => void,
): Promise<Claim | undefined> => {
  try {
    return await readClaim(sql, reductionId)
  } catch (fault) {
    if (fault instanceof DatabaseFault) throw fault
    onUnreadable?.(reductionId, fault)
    await moveReduction(sql, {
      reductionId,
      move: 'finish',
      from: 'Processing',
      to: 'Error',
      reason:
        'What this reduction was to run cannot be read from the database. Submit the run again; if that ends the same way, tell the service’s team.',
      set: [['finished_at = UTC_TIMESTAMP(6)'], ['lease_owner = NULL'], ['lease_expires_at = NULL']],
    })
    return undefined
  }
}

const readClaim = async (sql: Sql, reductionId: number): Promise<Claim> => {
  const [row] = await sql.rows(
    claimedRowSchema,
    `SELECT reductions.id AS reductionId, fence, instrument, target, version, class, rb_number AS rbNumber,
       started_by AS startedBy, description, reductions.software_name AS softwareName,
       reductions.software_version AS softwareVersion, script_sha256 AS scriptSha256, scripts.files AS scriptFiles,
       argument_sets.arguments AS given, time_limit_seconds AS timeLimitSeconds, is_flat AS isFlat,
       lost_count AS lostCount, submitted_at AS submittedAt, reproduction AS reproduces
     FROM reductions
     JOIN instruments ON instruments.name = reductions.instrument
     JOIN scripts ON scripts.sha256 = reductions.script_sha256
     LEFT JOIN argument_sets ON argument_sets.sha256 = reductions.given_arguments_sha256
     WHERE reductions.id = ?`,
    [reductionId],
  )
  if (!row) throw new Error(`Reduction ${reductionId} was queued without a script.`)
  const runs = await sql.rows(
    claimedRunSchema,
    `SELECT run_number AS runNumber, title, file_path AS filePath, file_size_bytes AS fileSizeBytes,
       file_modified_at AS fileModifiedAt
     FROM reduction_runs JOIN runs ON runs.id = reduction_runs.run_id WHERE reduction_id = ? ORDER BY run_number`,
    [reductionId],
  )
  const { softwareName, softwareVersion, given, ...rest } = row
  return {
    ...rest,
    software:
      softwareName !== null && softwareVersion !== null ? { name: softwareName, version: softwareVersion } : null,
    given: given ?? [],
    runs,
  }
}
