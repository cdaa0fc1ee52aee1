import { describe, expect, it } from 'vitest'
import { formatAge, formatTable, statusRows } from './status-table.ts'

describe('an age', () => {
  it.each([
    [0, '0 s'],
    [-5, '0 s'],
    [59_999, '59 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h 0 min'],
    [90_000_000, '1 d 1 h'],
  ])('of %d ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text))
})

describe('the status table', () => {
  const now = new Date('2026-11-22T12:00:00Z')
  const startedAt = '2026-11-22T11:59:00Z'
  const instance = { instance: 'detect-1', state: 'ready' as const, port: 2, pid: 3, startedAt, restarts: 1 }

  it('shows every process, and tells what is down', () => {
    const rows = statusRows([{ name: 'mariadb', pid: 1, port: 20_000, isUp: false }], {
      functions: [
        { name: 'detect', replicas: 1, isSettled: true, instances: [instance] },
        { name: 'asleep', replicas: 0, isSettled: true, instances: [] },
        { name: 'broken', replicas: 1, isSettled: false, instances: [{ ...instance, state: 'starting' }] },
      ],
      companions: [{ name: 'cron', isReady: true, pid: 4, startedAt, restarts: 0 }],
    })
    expect(rows.filter((row) => !row.isUp).map((row) => `${row.name} ${row.state}`)).toEqual([
      'mariadb down',
      'detect-1 starting',
    ])
    const lines = formatTable(rows, now).split('\n')
    expect(lines.find((line) => line.includes('detect-1'))).toMatch(/function +detect-1 +ready +3 +2 +1 min 0 s +1$/)
    expect(lines.find((line) => line.includes('asleep'))).toContain('scaled to zero')
  })
})
