import { describe, expect, it } from 'vitest'
import { batchTarget, faultOfBatchSize } from '#domain/batches.ts'
import { decideBatch, type BatchRun } from './decide-batch.ts'

const fine = { instrument: 'WISH', isActive: true, script: { kind: 'script' } } as const
const run = (runNumber: number, rbNumber: number | null = 1_920_234): BatchRun => ({
  runNumber,
  rbNumber,
  rbText: rbNumber === null ? 'CAL_WISH' : String(rbNumber),
})

describe('a batch', () => {
  it('is named by its first and last run, however they are given', () => {
    expect(batchTarget([7, 3, 5])).toBe('batch-3-7')
    expect(faultOfBatchSize([3])).toContain('only run 3 is named')
    expect(faultOfBatchSize([])).toBeDefined()
    expect(faultOfBatchSize(Array.from({ length: 1_001 }, (_, place) => place))).toContain('at most 1000 runs')
    expect(faultOfBatchSize([3, 4])).toBeUndefined()
  })

  it('is queued where all its runs are of one experiment', () => {
    expect(decideBatch([run(1), run(2)], fine)).toEqual({ do: 'queue', rbNumber: 1_920_234 })
  })

  it('is refused where they are of several, which are named', () => {
    expect(decideBatch([run(1), run(2), run(3, 1_910_077), run(4, null)], fine)).toEqual({
      do: 'refuse',
      reason:
        'A batch is of one experiment, and these runs are of several (RB 1920234: 1-2; RB 1910077: 3; no experiment: 4). Submit one batch for each.',
    })
  })

  it('is refused where a run has no usable file, with the reasons of the first five', () => {
    const bad = (runNumber: number): BatchRun => ({ runNumber, trouble: 'There is no file.' })
    expect(decideBatch([run(1), bad(2)], fine)).toEqual({
      do: 'refuse',
      reason:
        'A batch needs all its runs. Run 2: There is no file. Leave them out, or submit the batch again when they are there.',
    })
    expect(decideBatch([2, 3, 4, 5, 6, 7, 8].map(bad), fine)).toMatchObject({
      reason: expect.stringContaining('Run 6: There is no file. And 2 more.'),
    })
  })

  it('is skipped, with the reason, as a single run would be', () => {
    expect(decideBatch([run(1, null), run(2, null)], fine)).toMatchObject({
      do: 'skip',
      rbNumber: null,
      reason: expect.stringContaining('“CAL_WISH” is not an experiment'),
    })
    expect(decideBatch([run(1), run(2)], { ...fine, isActive: false })).toMatchObject({ do: 'skip' })
    const script = { kind: 'no-script', reason: 'reduce.py is empty.' } as const
    expect(decideBatch([run(1), run(2)], { ...fine, script })).toMatchObject({
      do: 'skip',
      reason: 'reduce.py is empty.',
    })
    const away = { kind: 'not-yet', reason: 'The drive hangs.' } as const
    expect(decideBatch([run(1), run(2)], { ...fine, script: away })).toMatchObject({ do: 'refuse' })
  })
})
