import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { autoreducedDirectory, versionsDirectory } from '#results/result-paths.ts'
import { rbNumber } from '../a-stack/archive.ts'
import { pause } from '../a-stack/pause.ts'
import { flatInstrument, instruments } from './faults-stack.ts'

const provenanceSchema = z.object({
  reduction: z.object({ id: z.number(), fence: z.number() }),
  outcome: z.object({ state: z.string() }),
})
const wholeSchema = z.object({ attempt: z.string(), sha256: z.string() })

/** What a reader found in a results directory. */
export type Seen = Place & {
  readonly inode: number
  readonly reductionId: number
  readonly attempt: string
  /** Why a reader could not rely on it; undefined where it is whole. */
  readonly fault: string | undefined
}

type Place = {
  readonly path: string
  readonly instrument: string
  readonly target: string
  readonly version: number
}

/** The data that a script wrote, by the hash that it wrote last. @throws where they are not what it wrote */
export const readData = (folder: string, name: string): { readonly attempt: string; readonly sha256: string } => {
  const whole = wholeSchema.parse(JSON.parse(readFileSync(join(folder, `whole_${name}.json`), 'utf8')))
  const data = readFileSync(join(folder, `data_${name}.bin`))
  if (createHash('sha256').update(data).digest('hex') === whole.sha256) return whole
  throw new Error('its data are not what the script wrote')
}

/** What a script calls the data of these runs. */
export const nameOfData = (folder: string): string | undefined =>
  readdirSync(folder).flatMap((name) => /^whole_(.+)\.json$/.exec(name)?.[1] ?? [])[0]

/** Looks at the disk alone, as a scientist's script would. */
export const readResults = (path: string, place: Omit<Place, 'path'>): Seen => {
  const seen = { ...place, path, inode: statSync(path).ino, reductionId: 0, attempt: '' }
  try {
    const provenance = provenanceSchema.parse(JSON.parse(readFileSync(join(path, 'provenance.json'), 'utf8')))
    const known = { ...seen, reductionId: provenance.reduction.id, attempt: String(provenance.reduction.fence) }
    if (readdirSync(join(path, 'reduction_log')).length !== 1) return { ...known, fault: 'it has no log' }
    if (provenance.outcome.state !== 'Completed') return { ...known, fault: undefined }
    return {
      ...known,
      attempt: `${known.attempt} ${readData(path, nameOfData(path) ?? 'of these runs').attempt}`,
      fault: undefined,
    }
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

const placeOf = (instrument: string, target: string) => ({
  instrument,
  target,
  rbNumber,
  isFlat: instrument === flatInstrument,
})

const ofTarget = (resultsRoot: string, instrument: string, target: string): readonly Place[] => {
  if (hangingFolders.has(join(resultsRoot, instrument))) return []
  const folder = versionsDirectory(resultsRoot, placeOf(instrument, target))
  return list(folder).map((name) => {
    return { path: join(folder, name), instrument, target, version: Number(name.replace('run-version-', '')) }
  })
}

const ofAll = (resultsRoot: string): readonly Place[] =>
  instruments.flatMap((instrument) =>
    list(versionsDirectory(resultsRoot, placeOf(instrument, ''))).flatMap((target) =>
      ofTarget(resultsRoot, instrument, target),
    ),
  )

/** The folder that the flat instrument's people look into. */
export const flatFolder = (resultsRoot: string): string =>
  autoreducedDirectory(resultsRoot, { instrument: flatInstrument, rbNumber })

const keyOf = ({ instrument, target, version }: Omit<Place, 'path'>): string => `${instrument} ${target} ${version}`

export type ResultsWatch = {
  /** Everything that was ever seen, as it was when it was first seen. */
  readonly seen: () => ReadonlyMap<string, Seen>
  /** Looks once more at everything that was seen. @returns what has changed since it was first seen, in words */
  readonly changed: () => readonly string[]
  readonly stop: () => Promise<void>
}

/**
 * A reader who looks ten times a second for the results that are awaited, at all that there are in the beginning and in the end, and
 * remembers.
 */
export const watchResults = (
  resultsRoot: string,
  reduced: readonly { readonly instrument: string; readonly target: string; readonly version: number }[],
): ResultsWatch => {
  const first = new Map<string, Seen>()
  const look = (places: readonly Place[]): void => {
    for (const place of places) {
      if (!first.has(place.path)) first.set(place.path, readResults(place.path, place))
    }
  }
  look(ofAll(resultsRoot))
  let isStopped = false
  const looking = (async () => {
    let awaited = reduced
    while (!isStopped) {
      for (const { instrument, target } of awaited) look(ofTarget(resultsRoot, instrument, target))
      const keys = new Set([...first.values()].map(keyOf))
      awaited = awaited.filter((one) => !keys.has(keyOf(one)))
      await pause(100)
    }
  })()
  return {
    seen: () => {
      look(ofAll(resultsRoot))
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
