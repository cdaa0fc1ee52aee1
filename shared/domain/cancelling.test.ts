import { describe, expect, it } from 'vitest'
import { decideCancel } from './cancelling.ts'
import { reductionStates } from './reduction-states.ts'

const standing = { isPublishing: false, cancelRequestedBy: null }

describe('cancelling', () => {
  it('ends what stands in line at once, and asks what runs, once', () => {
    expect(decideCancel({ ...standing, state: 'Queued' })).toEqual({ do: 'withdraw' })
    expect(decideCancel({ ...standing, state: 'Processing' })).toEqual({ do: 'ask' })
    expect(decideCancel({ ...standing, state: 'Processing', cancelRequestedBy: 'Ada' })).toEqual({
      do: 'nothing',
      outcome: 'cancelling',
    })
    expect(decideCancel({ ...standing, state: 'Cancelled' })).toEqual({ do: 'nothing', outcome: 'cancelled' })
  })

  it('comes too late for what is being published, whoever asked before', () => {
    for (const cancelRequestedBy of [null, 'Ada']) {
      expect(decideCancel({ state: 'Processing', isPublishing: true, cancelRequestedBy })).toMatchObject({
        do: 'refuse',
        reason: expect.stringContaining('results are being put in place'),
      })
    }
  })

  it.each(reductionStates.filter((state) => state === 'Completed' || state === 'Error' || state === 'Skipped'))(
    'says of one that is %s that it has ended',
    (state) => {
      const decision = decideCancel({ ...standing, state })
      expect(decision).toMatchObject({ do: 'refuse', reason: expect.stringContaining(`(${state})`) })
    },
  )
})
