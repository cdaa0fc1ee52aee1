import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openLogStore } from './log-store.ts'

const directory = mkdtempSync(join(tmpdir(), 'log-store-'))
afterEach(() => rmSync(directory, { recursive: true, force: true }))

it('keeps the newest lines and bounds what it keeps', () => {
  const store = openLogStore(directory, () => new Date(0), 10_000)
  for (let index = 0; index < 1_000; index += 1) store.append('talker', 'talker-1', [`line ${index}`])
  const kept = [...store.read('talker', {})].flat()
  expect(kept.at(-1)?.text).toBe('line 999')
  expect(kept.length).toBeGreaterThan(50)
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(21_000)
})

it('gives the end of what was asked for, and none of nothing', () => {
  const store = openLogStore(directory)
  for (let index = 0; index < 2_000; index += 1) store.append('pair', index % 2 ? 'odd' : 'even', [`line ${index}`])
  const read = (query: object) => [...store.read('pair', query)].flat().map(({ text }) => text)
  expect(read({})).toHaveLength(2_000)
  expect(read({ tail: 2 })).toEqual(['line 1998', 'line 1999'])
  expect(read({ tail: 2, instance: 'odd' })).toEqual(['line 1997', 'line 1999'])
  expect(read({ tail: 0 })).toEqual([])
  expect(read({ tail: -1, instance: 'nobody' })).toEqual([])
  expect([...store.read('nobody', {})].flat()).toEqual([])
  expect([store.has('pair'), store.has('nobody')]).toEqual([true, false])
})
