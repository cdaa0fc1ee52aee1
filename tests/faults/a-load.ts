import { z } from 'zod'
import { submissionAnswerSchema } from '#contracts/submission.ts'
import type { Chance } from '../a-stack/chance.ts'
import { pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { instruments, type Instrument } from './faults-stack.ts'

/** A reduction that must exist at the end. */
export type Expected = { readonly instrument: Instrument; readonly run: number; readonly version: number }

export type Load = {
  readonly expected: readonly Expected[]
  /** Settles when everything has been announced and submitted. */
  readonly give: () => Promise<void>
  /** Gives a part of what is kept back for the strikes: every instrument announces a run. */
  readonly giveMore: () => void
  /** Nothing more will be struck: all that is kept back comes in its own time. */
  readonly giveRest: () => void
}

const [runsEach, rerunsEach, keptBackEach] = [12, 3, 4]
/** The runs that every cause re-runs; reduced once before the first. */
export const firstRun = 1001

const numbers = (first: number, count: number): number[] => Array.from({ length: count }, (_, place) => first + place)

/** Runs that are there, Completed, before the first fault. */
export const reduceFirstRuns = async ({ archive }: Stack): Promise<readonly Expected[]> => {
  const runs = numbers(firstRun, rerunsEach)
  for (const instrument of instruments) {
    await archive.addRuns(instrument, runs)
    await archive.announce(instrument, firstRun + rerunsEach - 1)
  }
  return instruments.flatMap((instrument) => runs.map((run) => ({ instrument, run, version: 0 })))
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
 * re-runs, each submitted with a key until it is answered. Each instrument keeps its last runs back for the moments of the strikes.
 */
export const prepareLoad = async (stack: Stack, chance: Chance, cause: string): Promise<Load> => {
  const versions = await nextVersions(stack)
  const highest = Math.max(firstRun + rerunsEach, ...[...versions.keys()].map((key) => Number(key.split(' ')[1]) + 1))
  const fresh = numbers(highest, runsEach)
  for (const instrument of instruments) await stack.archive.addRuns(instrument, fresh)
  const expected: Expected[] = instruments.flatMap((instrument) => [
    ...fresh.map((run) => ({ instrument, run, version: 0 })),
    ...numbers(firstRun, rerunsEach).map((run) => ({
      instrument,
      run,
      version: versions.get(`${instrument} ${run}`) ?? 0,
    })),
  ])
  const kept = Array.from({ length: keptBackEach }, () => Promise.withResolvers<undefined>())
  let given = 0
  const giveMore = (): void => kept[given++]?.resolve(undefined)

  const measure = async (instrument: Instrument): Promise<void> => {
    const pace = chance.of(`${instrument} measures`)
    for (const [place, run] of fresh.entries()) {
      await kept[place - (runsEach - keptBackEach)]?.promise
      await stack.archive.announce(instrument, run)
      // Sooner than cron would, so that detection and submission are at work when faults strike.
      stack.call('detect').catch(() => undefined)
      await pause(pace.between(400, 2_000))
    }
  }
  const rerun = async (instrument: Instrument): Promise<void> => {
    const pace = chance.of(`${instrument} is re-run`)
    for (const run of numbers(firstRun, rerunsEach)) {
      await pause(pace.between(500, 5_000))
      await submitUntilAnswered(stack, instrument, run, `${cause}-${instrument}-${run}`)
    }
  }
  return {
    expected,
    give: async () => {
      await Promise.all(instruments.flatMap((instrument) => [measure(instrument), rerun(instrument)]))
    },
    giveMore,
    giveRest: () => kept.forEach(giveMore),
  }
}

/** As a careful script does: the same key until there is an answer, and again where that says why not now (an archive that is slow). */
export const submitUntilAnswered = async (
  stack: Stack,
  instrument: Instrument,
  run: number,
  key: string,
): Promise<void> => {
  const internalKey = await stack.secret('internal-key')
  let refusals = 0
  for (let attempt = 1; attempt <= 120; attempt += 1) {
    const answer = await stack
      .call(
        'submit',
        { origin: 'request', instrument, runs: [run], requestedBy: 'faults' },
        { authorization: `Bearer ${internalKey}`, 'idempotency-key': `${key}-${refusals}` },
      )
      .then(async (response) => (response.ok ? submissionAnswerSchema.parse(await response.json()) : undefined))
      .catch(() => undefined)
    if (answer?.outcomes[0]?.outcome === 'queued') return
    if (answer?.outcomes[0]?.outcome === 'refused') refusals += 1
    await pause(1_000)
  }
  throw new Error(`${instrument} ${run} could not be submitted for two minutes`)
}
