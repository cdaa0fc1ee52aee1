import { describe, expect, it } from 'vitest'
import { changeOfRawFile } from './raw-file-change.ts'

const then = { sizeBytes: 12, modifiedAt: '2026-05-01T10:00:00.000Z' }

describe('a raw file', () => {
  it('is the same by size and time, whatever was not seen', () => {
    expect(changeOfRawFile(5, then, { ...then, modifiedAt: '2026-05-01T10:00:00Z' })).toBeUndefined()
    expect(changeOfRawFile(5, then, { sizeBytes: null, modifiedAt: null })).toBeUndefined()
    expect(changeOfRawFile(5, { sizeBytes: null, modifiedAt: null }, then)).toBeUndefined()
  })

  it.each([
    [{ ...then, sizeBytes: 13 }, 'now 13 bytes of 2026-05-01T10:00:00.000Z.'],
    [{ ...then, modifiedAt: '2026-05-01T10:00:00.001Z' }, 'now 12 bytes of 2026-05-01T10:00:00.001Z.'],
    [{ sizeBytes: 0, modifiedAt: null }, 'now 0 bytes of an unknown time.'],
  ])('has changed where it is %j', (now, end) => {
    expect(changeOfRawFile(5, then, now)).toBe(
      `The raw file of run 5 has changed since: then 12 bytes of 2026-05-01T10:00:00.000Z, ${end}`,
    )
  })
})
