import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { DataReady } from '#contracts/data-ready.ts'
import { claimNext } from '#database/queries/claim-next.ts'
import { adoptPublishing, largestLostCount, takeBackFromDead } from '#database/queries/lease-expired.ts'
import { beginPublishing, finishReduction, heartBeat, releaseReduction } from '#database/queries/lease-held.ts'
import { beatProcessor } from '#database/queries/processors.ts'
import { lockInstrument, recordReductions } from '#database/queries/record-reductions.ts'
import { freshSchema, type FreshSchema } from '../../tests/support/fresh-schema.ts'
import { dispatchOnce, type Dispatched } from './dispatch-once.ts'

let schema: FreshSchema
const python = { name: 'Python', version: '3.11' }
const asking = { processor: 'p1', environments: [python], hasDefaultEnvironment: true }

beforeAll(async () => {
  schema = await freshSchema()
})
afterAll(() => schema.drop())
beforeEach(async () => {
  for (const table of ['instruments', 'runs', 'reductions', 'reduction_runs', 'processors', 'change_events']) {
    await schema.database.change(`DELETE FROM ${table}`)
  }
  await schema.database.change(
    `INSERT INTO instruments (name, is_active, created_at, changed_at) VALUES ('A', 1, NOW(6), NOW(6)), ('B', 1, NOW(6), NOW(6))`,
  )
})

const queue = (
  instrument: string,
  runs: readonly number[],
  software = null as typeof python | null,
): Promise<unknown> =>
  schema.database.transaction(async (sql) => {
    await lockInstrument(sql, instrument)
    return recordReductions(
      sql,
      {
        instrument,
        class: 'fresh',
        startedBy: 'autoreduction',
        description: null,
        software,
        script: { files: [{ name: 'reduce.py', base64: '' }] },
        given: [],
      },
      runs.map((runNumber) => ({
        runNumber,
        rbNumber: 1_234_567,
        versionsOnDisk: undefined,
        start: { state: 'Queued' },
        metadata: {
          title: null,
          rbNumber: 1_234_567,
          rbText: '1234567',
          startedAt: null,
          endedAt: null,
          durationSeconds: null,
          goodFrames: null,
          rawFrames: null,
          protonCharge: null,
          userNames: null,
          definition: null,
          filePath: `/f/${runNumber}`,
          fileSizeBytes: 1,
          fileModifiedAt: new Date(0),
        },
      })),
    )
  })
const pass = async (shortestUptimeSeconds = 0): Promise<Dispatched & { bells: readonly DataReady[] }> => {
  const bells: DataReady[] = []
  const dispatched = await dispatchOnce(
    schema.database,
    (rung) => {
      bells.push(...rung)
      return Promise.resolve()
    },
    shortestUptimeSeconds,
  )
  return { ...dispatched, bells }
}
const state = async (id: number): Promise<string | undefined> =>
  (await schema.database.rows(z.object({ state: z.string() }), 'SELECT state FROM reductions WHERE id = ?', [id]))[0]
    ?.state
const expireLeases = (): Promise<unknown> =>
  schema.database.change(
    'UPDATE reductions SET lease_expires_at = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE lease_owner IS NOT NULL',
  )
const slots = (count: number): Promise<void> =>
  beatProcessor(schema.database, { id: 'p1', host: 'h', slots: count, environments: [python] })

describe('ringing', () => {
  it('rings once for each reduction that could start, and not at all for an empty line', async () => {
    await slots(3)
    expect((await pass()).rung).toBe(0)
    await queue('A', [1, 2])
    const { bells } = await pass()
    expect(bells.map(({ instrument, runNumbers }) => [instrument, runNumbers])).toEqual([
      ['A', [1]],
      ['A', [2]],
    ])
    await queue('A', [3, 4, 5, 6])
    // The last of the three is kept for an instrument that holds none.
    expect((await pass()).rung).toBe(2)
  })

  it('rings one bell when no processor has been heard of: the first may have been scaled away', async () => {
    await queue('A', [1, 2])
    expect((await pass()).rung).toBe(1)
  })

  it('does not ring for a paused instrument', async () => {
    await slots(3)
    await queue('A', [1])
    await schema.database.change('UPDATE instruments SET is_paused = TRUE')
    expect((await pass()).rung).toBe(0)
    expect(await claimNext(schema.database, asking)).toBeUndefined()
  })
})

describe('leases', () => {
  it('gives each reduction to one processor only, whoever asks at once', async () => {
    await slots(20)
    await queue('A', [1, 2, 3, 4, 5, 6, 7, 8])
    const claims = await Promise.all(Array.from({ length: 12 }, () => claimNext(schema.database, asking)))
    const taken = claims.flatMap((claim) => (claim ? [claim.reductionId] : []))
    expect(taken).toHaveLength(8)
    expect(new Set(taken).size).toBe(8)
  })

  it('gives no reduction to a processor that lacks its software', async () => {
    await slots(4)
    await queue('A', [1], { name: 'Mantid', version: '6.13' })
    await queue('B', [1], python)
    expect((await claimNext(schema.database, asking))?.instrument).toBe('B')
    expect(await claimNext(schema.database, asking)).toBeUndefined()
  })

  it('puts a lost reduction back in line, and whoever held it changes nothing any more', async () => {
    await slots(4)
    await queue('A', [1])
    const lost = await claimNext(schema.database, asking)
    if (!lost) throw new Error('nothing claimed')
    await expireLeases()
    expect((await pass()).requeued).toBe(1)
    expect(await heartBeat(schema.database, lost)).toBe('lost')
    const again = await claimNext(schema.database, asking)
    expect(again?.reductionId).toBe(lost.reductionId)
    expect(again?.fence).toBe(lost.fence + 1)
    const outcome = { state: 'Completed' as const, reason: null, scriptSeconds: 1, resultsPath: '/x' }
    expect(await beginPublishing(schema.database, lost, outcome, [])).toBe(false)
    expect(await finishReduction(schema.database, lost, outcome)).toBe(false)
    expect(await releaseReduction(schema.database, lost)).toBe(false)
    expect(await state(lost.reductionId)).toBe('Processing')
  })

  it('takes nothing back from holders that could not reach a database which has just started', async () => {
    await slots(4)
    await queue('A', [1])
    await claimNext(schema.database, asking)
    await expireLeases()
    const moreThanItsUptime = 1_000_000_000
    expect((await pass(moreThanItsUptime)).requeued).toBe(0)
  })

  it('gives up on a reduction that has cost too many processors, and says so', async () => {
    await slots(4)
    await queue('A', [1])
    const claim = await claimNext(schema.database, asking)
    await schema.database.change('UPDATE reductions SET lost_count = ?', [largestLostCount])
    await expireLeases()
    expect((await pass()).givenUp).toBe(1)
    expect(await state(claim?.reductionId ?? 0)).toBe('Error')
  })

  it('leaves what was already decided to be finished, by one who adopts it', async () => {
    await slots(4)
    await queue('A', [1])
    const claim = await claimNext(schema.database, asking)
    if (!claim) throw new Error('nothing claimed')
    const outcome = { state: 'Completed' as const, reason: null, scriptSeconds: 1, resultsPath: '/x' }
    expect(await beginPublishing(schema.database, claim, outcome, [])).toBe(true)
    expect(await adoptPublishing(schema.database, 'p2')).toBeUndefined()
    await expireLeases()
    expect((await pass()).rung).toBe(1)
    const adopted = await adoptPublishing(schema.database, 'p2')
    expect(adopted).toMatchObject({
      reductionId: claim.reductionId,
      fence: claim.fence,
      outcome: { state: 'Completed' },
    })
    expect(await adoptPublishing(schema.database, 'p3')).toBeUndefined()
    expect(await finishReduction(schema.database, claim, outcome)).toBe(true)
    expect(await state(claim.reductionId)).toBe('Completed')
  })

  it('returns a released reduction to the line, uncounted', async () => {
    await slots(4)
    await queue('A', [1])
    const claim = await claimNext(schema.database, asking)
    if (!claim) throw new Error('nothing claimed')
    expect(await releaseReduction(schema.database, claim)).toBe(true)
    expect((await claimNext(schema.database, asking))?.lostCount).toBe(0)
  })
})

describe('a processor of which somebody knows that it is dead', () => {
  it('gives back at once what it held, frees what it had decided, and offers no slots', async () => {
    await slots(3)
    await beatProcessor(schema.database, { id: 'p2', host: 'h', slots: 2, environments: [python] })
    await queue('A', [1, 2])
    await queue('B', [1])
    const [running, decided] = [await claimNext(schema.database, asking), await claimNext(schema.database, asking)]
    const others = await claimNext(schema.database, { ...asking, processor: 'p2' })
    if (!running || !decided || !others) throw new Error('nothing was claimed')
    const outcome = { state: 'Completed', reason: null, scriptSeconds: 1, resultsPath: '/r' } as const
    expect(await beginPublishing(schema.database, decided, outcome, [])).toBe(true)
    expect(await takeBackFromDead(schema.database, ['p1'])).toEqual({ requeued: 1, givenUp: 0 })
    expect(await state(running.reductionId)).toBe('Queued')
    expect(await heartBeat(schema.database, running)).toBe('lost')
    expect(await state(others.reductionId)).toBe('Processing')
    expect((await adoptPublishing(schema.database, 'p2'))?.reductionId).toBe(decided.reductionId)
    expect((await pass()).slots).toBe(2)
    expect(await takeBackFromDead(schema.database, [])).toEqual({ requeued: 0, givenUp: 0 })
  })
})
