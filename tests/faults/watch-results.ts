import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { rbNumber } from '../a-stack/archive.ts'
import { pause } from '../a-stack/pause.ts'
import { instruments } from './faults-stack.ts'

const provenanceSchema = z.object({
  reduction: z.object({ id: z.number(), fence: z.number() }),
  outcome: z.object({ state: z.string() }),
})
const wholeSchema = z.object({ attempt: z.string(), sha256: z.string() })

/** What a reader found in a results directory. */
export type Seen = {
  readonly path: string
  readonly instrument: string
  readonly run: number
  readonly version: number
  readonly inode: number
  readonly reductionId: number
  readonly attempt: string
  /** Why a reader could not rely on it; undefined where it is whole. */
  readonly fault: string | undefined
}

/** Looks at the disk alone, as a scientist's script would. */
export const readResults = (
  path: string,
  place: { readonly instrument: string; readonly run: number; readonly version: number },
): Seen => {
  const seen = { path, ...place, inode: statSync(path).ino, reductionId: 0, attempt: '' }
  try {
    const provenance = provenanceSchema.parse(JSON.parse(readFileSync(join(path, 'provenance.json'), 'utf8')))
    const known = { ...seen, reductionId: provenance.reduction.id, attempt: String(provenance.reduction.fence) }
    if (readdirSync(join(path, 'reduction_log')).length !== 1) return { ...known, fault: 'it has no log' }
    if (provenance.outcome.state !== 'Completed') return { ...known, fault: undefined }
    const whole = wholeSchema.parse(JSON.parse(readFileSync(join(path, 'whole.json'), 'utf8')))
    const sha256 = createHash('sha256')
      .update(readFileSync(join(path, 'data.bin')))
      .digest('hex')
    const fault = sha256 === whole.sha256 ? undefined : 'its data are not what the script wrote'
    return { ...known, attempt: `${known.attempt} ${whole.attempt}`, fault }
  } catch (cause) {
    return { ...seen, fault: cause instanceof Error ? cause.message : String(cause) }
  }
}

/** The results of these instruments hang just now: looking there would hold us up as well. */
export const hangingFolders = new Set<string>()

const list = (path: string): readonly string[] => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

type Place = { readonly path: string; readonly instrument: string; readonly run: number; readonly version: number }

const experimentFolder = (resultsRoot: string, instrument: string): string =>
  join(resultsRoot, instrument, 'RBNumber', `RB${rbNumber}`, 'autoreduced')

const ofRun = (resultsRoot: string, instrument: string, run: number): readonly Place[] => {
  if (hangingFolders.has(join(resultsRoot, instrument))) return []
  const folder = join(experimentFolder(resultsRoot, instrument), String(run))
  return list(folder).map((name) => {
    return { path: join(folder, name), instrument, run, version: Number(name.replace('run-version-', '')) }
  })
}

const ofAllRuns = (resultsRoot: string): readonly Place[] =>
  instruments.flatMap((instrument) =>
    list(experimentFolder(resultsRoot, instrument)).flatMap((run) => ofRun(resultsRoot, instrument, Number(run))),
  )

export type ResultsWatch = {
  /** Everything that was ever seen, as it was when it was first seen. */
  readonly seen: () => ReadonlyMap<string, Seen>
  /** Looks once more at everything that was seen. @returns what has changed since it was first seen, in words */
  readonly changed: () => readonly string[]
  readonly stop: () => Promise<void>
}

/**
 * A reader who looks ten times a second at the results of the runs that are reduced, at those of all others in the beginning and in the
 * end, and remembers.
 */
export const watchResults = (
  resultsRoot: string,
  reduced: readonly { readonly instrument: string; readonly run: number }[],
): ResultsWatch => {
  const first = new Map<string, Seen>()
  const look = (places: readonly Place[]): void => {
    for (const place of places) {
      if (!first.has(place.path)) first.set(place.path, readResults(place.path, place))
    }
  }
  look(ofAllRuns(resultsRoot))
  let isStopped = false
  const looking = (async () => {
    while (!isStopped) {
      for (const { instrument, run } of reduced) look(ofRun(resultsRoot, instrument, run))
      await pause(100)
    }
  })()
  return {
    seen: () => {
      look(ofAllRuns(resultsRoot))
      return first
    },
    changed: () =>
      [...first.values()].flatMap((was) => {
        try {
          const now = readResults(was.path, was)
          return now.inode === was.inode && now.attempt === was.attempt
            ? []
            : [`${was.path} was published again (${was.attempt}, then ${now.attempt})`]
        } catch {
          return [`${was.path} was there and is gone`]
        }
      }),
    stop: async () => {
      isStopped = true
      await looking
    },
  }
}
