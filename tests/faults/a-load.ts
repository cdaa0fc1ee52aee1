import { z } from 'zod'
import { instruments, type Instrument } from './an-archive.ts'
import type { Stack } from './a-stack.ts'
import type { Chance } from './chance.ts'
import { pause } from './pause.ts'

/** A reduction that must exist at the end. */
export type Expected = { readonly instrument: Instrument; readonly run: number; readonly version: number }

export type Load = {
  readonly expected: readonly Expected[]
  /** Settles when everything has been announced and submitted. */
  readonly given: Promise<void>
}

const [runsEach, rerunsEach] = [12, 3]
/** The runs that every cause re-runs; reduced once before the first. */
export const firstRun = 1001

const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, place) => first + place)

/** Runs that are there, Completed, before the first fault. */
export const reduceFirstRuns = async (stack: Stack): Promise<readonly Expected[]> => {
  await stack.archive.makeRuns(numbers(firstRun, rerunsEach))
  for (const instrument of instruments) await stack.archive.announce(instrument, firstRun + rerunsEach - 1)
  return instruments.flatMap((instrument) =>
    numbers(firstRun, rerunsEach).map((run) => ({ instrument, run, version: 0 })),
  )
}

const nextVersions = async (stack: Stack): Promise<ReadonlyMap<string, number>> => {
  const rows = await stack.database.rows(
    z.object({ instrument: z.string(), target: z.string(), version: z.number() }),
    'SELECT instrument, target, MAX(version) AS version FROM reductions GROUP BY instrument, target',
  )
  return new Map(rows.map(({ instrument, target, version }) => [`${instrument} ${target}`, version + 1]))
}

/**
 * 60 reductions of mixed length over about a quarter of a minute: 48 runs that their instruments announce one after the other, and 12
 * re-runs, each submitted with a key until it is answered.
 */
export const startLoad = async (stack: Stack, chance: Chance, cause: string): Promise<Load> => {
  const versions = await nextVersions(stack)
  const highest = Math.max(firstRun + rerunsEach, ...[...versions.keys()].map((key) => Number(key.split(' ')[1]) + 1))
  const fresh = numbers(highest, runsEach)
  await stack.archive.makeRuns(fresh)
  const expected: Expected[] = instruments.flatMap((instrument) => [
    ...fresh.map((run) => ({ instrument, run, version: 0 })),
    ...numbers(firstRun, rerunsEach).map((run) => ({
      instrument,
      run,
      version: versions.get(`${instrument} ${run}`) ?? 0,
    })),
  ])
  const measure = async (instrument: Instrument): Promise<void> => {
    for (const run of fresh) {
      await stack.archive.announce(instrument, run)
      // Sooner than cron would, so that detection and submission are at work when faults strike.
      stack.call('detect').catch(() => undefined)
      await pause(chance.between(400, 2_000))
    }
  }
  const rerun = async (instrument: Instrument): Promise<void> => {
    for (const run of numbers(firstRun, rerunsEach)) {
      await pause(chance.between(500, 5_000))
      await submitUntilAnswered(stack, instrument, run, `${cause}-${instrument}-${run}`)
    }
  }
  return {
    expected,
    given: Promise.all(instruments.flatMap((instrument) => [measure(instrument), rerun(instrument)])).then(
      () => undefined,
    ),
  }
}

/** As a careful script does: the same key until there is an answer. */
export const submitUntilAnswered = async (
  stack: Stack,
  instrument: Instrument,
  run: number,
  key: string,
): Promise<void> => {
  const internalKey = await stack.secret('internal-key')
  for (let attempt = 1; attempt <= 120; attempt += 1) {
    const answer = await stack
      .call(
        'submit',
        { origin: 'request', instrument, runs: [run], requestedBy: 'faults' },
        { authorization: `Bearer ${internalKey}`, 'idempotency-key': key },
      )
      .catch(() => undefined)
    if (answer?.ok) return
    await pause(1_000)
  }
  throw new Error(`${instrument} ${run} could not be submitted for two minutes`)
}
