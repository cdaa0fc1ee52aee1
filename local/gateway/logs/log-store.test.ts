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
  const kept = store.read('talker', {})
  expect(kept.at(-1)?.text).toBe('line 999')
  expect(kept.length).toBeGreaterThan(50)
  const sizes = readdirSync(directory).map((name) => statSync(join(directory, name)).size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(21_000)
})
