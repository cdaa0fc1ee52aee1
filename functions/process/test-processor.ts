import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Software } from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Database } from '#database/connection.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import { lockInstrument, recordReductions } from '#database/queries/record-reductions.ts'
import { provenanceSchema, type Provenance } from '#results/provenance.ts'
import { openDisk, usualSilenceMs, type Disk } from '#results/disk/open-disk.ts'
import { readEnvironments } from './environments.ts'
import { plainLauncher } from './launch-plain.ts'
import type { Processor } from './processor.ts'
import { openResultsPlaces } from './results-places.ts'
import { createRoutes } from './routes.ts'
import { openScratch } from './scratch.ts'
import { settingsSchema } from './settings.ts'
import { openSlots, type Slots } from './slots.ts'
import { python, scriptFiles, temporaryDirectory } from './test-support.ts'

const testKey = 'the-internal-key'

export type TestProcessor = {
  readonly processor: Processor
  readonly slots: Slots
  readonly directory: string
  readonly results: string
  readonly ring: () => Promise<{ readonly status: number; readonly claimed: Readonly<Record<string, unknown>> | null }>
  readonly post: (path: string, body: unknown, key?: string) => Promise<{ status: number; body: unknown }>
  readonly asked: () => number
}

/** A processor in this process: the real database, scripts and disk, a quicker heart. */
export const testProcessor = async (
  database: Database,
  given: {
    readonly settings?: Readonly<Record<string, string>>
    readonly database?: Database
    readonly heartBeatMs?: number
    readonly measureMs?: number
    readonly cancelLookMs?: number
    readonly disk?: Disk
    /** How soon a results disk in trouble is probed again; not within a test, if it does not say. */
    readonly probeAgainMs?: number
  } = {},
): Promise<TestProcessor> => {
  const directory = await temporaryDirectory()
  const results = given.settings?.['RESULTS_ROOT'] ?? (await temporaryDirectory())
  const environmentsFile = join(directory, 'environments.json')
  await writeFile(environmentsFile, JSON.stringify([{ name: 'Python', version: '3', interpreter: python() }]))
  const settings = settingsSchema.parse({
    RESULTS_ROOT: results,
    ENVIRONMENTS_FILE: environmentsFile,
    scratch_directory: join(directory, 'scratch'),
    slots: '3',
    go_on_seconds: '0',
    ...given.settings,
  })
  const { present } = await readEnvironments(environmentsFile)
  const scratch = await openScratch(settings.scratchRoot)
  let asked = 0
  const said: string[] = []
  const log = {
    info: (_: object, message: string) => said.push(message),
    warn: (_: object, message: string) => said.push(message),
    error: (_: object, message: string) => said.push(message),
  }
  const disk = given.disk ?? (usualDisk ??= openDisk({ log, places: 6, silenceMs: usualSilenceMs }))
  const probeAgainMs = given.probeAgainMs ?? 600_000
  const places = openResultsPlaces({ disk, settings, processor: scratch.processor, log, probeAgainMs })
  onTestFinished(places.close)
  const processor: Processor = {
    id: scratch.processor,
    database: given.database ?? database,
    launcher: plainLauncher(scratch),
    scratch,
    disk,
    places,
    settings,
    rhythm: {
      heartBeatMs: given.heartBeatMs ?? 50,
      cancelLookMs: given.cancelLookMs ?? 50,
      measureMs: given.measureMs ?? 50,
      beatMs: 100,
      sweepMs: 100,
      probeAgainMs,
    },
    log,
    environments: () => present,
    askForWork: () => {
      asked += 1
    },
  }
  await database.change('DELETE FROM processors')
  await beatProcessor(database, { id: processor.id, host: 'here', slots: settings.slots, environments: present })
  const slots = openSlots(settings.slots)
  const routes = createRoutes(processor, slots, () => testKey)
  const post = async (path: string, body: unknown, key = testKey): Promise<{ status: number; body: unknown }> => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await routes.request(path, { method: 'POST', headers, body: JSON.stringify(body) })
    return { status: answer.status, body: await answer.json() }
  }
  return {
    processor,
    slots,
    directory,
    results,
    post,
    asked: () => asked,
    ring: async () => {
      const { status, body } = await post('/', { reductionId: 999_999, nonsense: true })
      const { claimed } = z.object({ claimed: z.record(z.string(), z.unknown()).nullish() }).parse(body)
      return { status, claimed: claimed ?? null }
    },
  }
}

let nextRun = 1
/** One for all tests of a file: its processes take a while to start, and end with this one. */
let usualDisk: Disk | undefined

/** Puts one reduction of a new run into the line. */
export const queueReduction = async (
  database: Database,
  script: Readonly<Record<string, string | Buffer>>,
  given: {
    readonly instrument?: string
    readonly filePath?: string
    readonly given?: GivenArguments
    readonly software?: Software
    readonly runNumber?: number
  } = {},
): Promise<{ readonly id: number; readonly run: number }> => {
  const instrument = given.instrument ?? 'WISH'
  const run = given.runNumber ?? nextRun++
  const [recorded] = await database.transaction(async (sql) => {
    await lockInstrument(sql, instrument)
    return recordReductions(
      sql,
      {
        instrument,
        class: 'fresh',
        startedBy: 'detection',
        description: null,
        software: given.software ?? null,
        script: { files: scriptFiles(script) },
        given: given.given ?? [],
      },
      [
        {
          runNumber: run,
          rbNumber: 1_920_234,
          versionsOnDisk: undefined,
          start: { state: 'Queued' },
          metadata: {
            title: 'a run',
            rbNumber: 1_920_234,
            rbText: '1920234',
            startedAt: null,
            endedAt: null,
            durationSeconds: null,
            goodFrames: null,
            rawFrames: null,
            protonCharge: null,
            userNames: null,
            definition: null,
            filePath: given.filePath ?? `/archive/WISH${run}.nxs`,
            fileSizeBytes: 1,
            fileModifiedAt: new Date(0),
          },
        },
      ],
    )
  })
  if (!recorded) throw new Error('nothing was recorded')
  return { id: recorded.reductionId, run }
}

const rowSchema = z.object({
  state: z.string(),
  reason: z.string().nullable(),
  step: z.string().nullable(),
  resultsPath: z.string().nullable(),
  scriptSeconds: z.number().nullable(),
  lostCount: z.number(),
  fence: z.number(),
  arguments: z.string().nullable(),
})

/** What the database says of a reduction. */
export const reductionRow = async (database: Database, id: number): Promise<z.infer<typeof rowSchema>> => {
  const [row] = await database.rows(
    rowSchema,
    `SELECT state, reason, step, results_path AS resultsPath, script_seconds AS scriptSeconds, lost_count AS lostCount, fence,
       (SELECT arguments FROM argument_sets WHERE sha256 = arguments_sha256) AS arguments
     FROM reductions WHERE id = ?`,
    [id],
  )
  if (!row) throw new Error('no such reduction')
  return row
}

export const outputPaths = async (database: Database, id: number): Promise<readonly (readonly [string, unknown])[]> => {
  const schema = z.object({ path: z.string(), plot: z.string().nullable() })
  const rows = await database.rows(schema, 'SELECT path, plot FROM outputs WHERE reduction_id = ? ORDER BY path', [id])
  return rows.map(({ path, plot }) => [path, plot] as const)
}

export const readProvenance = async (results: string): Promise<Provenance> =>
  provenanceSchema.parse(JSON.parse(await readFile(join(results, 'provenance.json'), 'utf8')))

export const readScriptLog = (results: string, run: number): Promise<string> =>
  readFile(join(results, 'reduction_log', `RB_1920234_Run_${run}_Script.out`), 'utf8')
