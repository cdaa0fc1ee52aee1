import { describe, expect, it } from 'vitest'
import { decideFound, decideReRun, type Finding } from './decide-run.ts'

const file = { sizeBytes: 1_000, modifiedAt: new Date('2026-01-01T00:00:00Z') }
const metadata = {
  title: 'CeO2',
  rbText: '1510111',
  startedAt: null,
  endedAt: null,
  durationSeconds: null,
  goodFrames: 1,
  rawFrames: 2,
  protonCharge: 3,
  userNames: null,
  definition: 'TOFRAW',
  filePath: '/isis/file.nxs',
  fileSizeBytes: 1_000,
  fileModifiedAt: file.modifiedAt,
}
const detection = {
  runNumber: 1,
  state: 'waiting' as const,
  waitedSeconds: 600,
  isPastDeadline: false,
  fileSizeBytes: 1_000,
  fileModifiedAt: file.modifiedAt,
  unchangedSeconds: 0,
}
const usual = { instrument: 'ENGINX', isActive: true, script: { kind: 'script' } as const, detection: undefined }
const read = (rbText: string | null): Finding => ({ kind: 'read', metadata: { ...metadata, rbText } })

describe('deciding on a run whose file was looked for', () => {
  it('queues a readable run of an experiment, with its RB number', () => {
    expect(decideFound(read('1510111'), usual)).toMatchObject({ do: 'queue', rbNumber: 1510111 })
  })

  it.each(['123456', '0', '-1', 'CAL_MARI_24_3', '12345678', ''])(
    'skips RB “%s” and says so, keeping what the file says',
    (rb) => {
      const decision = decideFound(read(rb), usual)
      expect(decision).toMatchObject({ do: 'skip', rbNumber: null, metadata: { title: 'CeO2' } })
      if (decision.do === 'skip' && rb) expect(decision.reason).toContain(rb)
    },
  )

  it('skips a run of an inactive instrument and one without a script, each with its own sentence', () => {
    expect(decideFound(read('1510111'), { ...usual, isActive: false })).toMatchObject({
      do: 'skip',
      reason: expect.stringContaining('not active') as string,
    })
    expect(
      decideFound(read('1510111'), { ...usual, script: { kind: 'no-script', reason: 'none there' } }),
    ).toMatchObject({
      do: 'skip',
      reason: 'none there',
    })
  })

  it('waits while the script cannot be read', () => {
    expect(decideFound(read('1510111'), { ...usual, script: { kind: 'not-yet', reason: 'hangs' } }).do).toBe('wait')
  })

  it('waits for a file that is not there, with the reason', () => {
    expect(decideFound({ kind: 'not-yet', reason: 'absent', file: undefined }, usual)).toMatchObject({
      do: 'wait',
      reason: 'absent',
      hasFileChanged: false,
    })
  })

  it('waits for a broken file until it has not changed for minutes, then skips it', () => {
    const broken: Finding = { kind: 'broken-or-growing', reason: 'Not HDF5.', file }
    expect(decideFound(broken, usual)).toMatchObject({ do: 'wait', hasFileChanged: true })
    expect(decideFound(broken, { ...usual, detection: { ...detection, unchangedSeconds: 100 } })).toMatchObject({
      do: 'wait',
      hasFileChanged: false,
    })
    expect(decideFound(broken, { ...usual, detection: { ...detection, unchangedSeconds: 301 } }).do).toBe('skip')
    expect(
      decideFound(
        { ...broken, file: { ...file, sizeBytes: 2_000 } },
        { ...usual, detection: { ...detection, unchangedSeconds: 900 } },
      ).do,
    ).toBe('wait')
  })
})

describe('deciding on a re-run', () => {
  it('goes by what the database knows', () => {
    const known = {
      runNumber: 1,
      rbNumber: 1510111,
      rbText: '1510111',
      filePath: '/f',
      latestReductionId: 1,
      latestVersion: 0,
    }
    expect(decideReRun(known, usual)).toMatchObject({ do: 'queue', metadata: undefined })
    expect(decideReRun({ ...known, rbNumber: null, rbText: 'x' }, usual)).toMatchObject({ do: 'skip' })
  })
})
