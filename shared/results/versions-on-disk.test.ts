import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { samplePlace, temporaryRoot } from './test-support.ts'
import { highestVersion, highestVersionOnDisk } from './versions-on-disk.ts'

test('a run without results has none', async () => {
  expect(await highestVersionOnDisk(await temporaryRoot(), samplePlace)).toBe(-1)
})

test('the highest number counts, not the last name', async () => {
  const root = await temporaryRoot()
  const runs = join(root, 'WISH', 'RBNumber', 'RB1920234', 'autoreduced')
  for (const version of [0, 2, 10]) await mkdir(join(runs, '44733', `run-version-${version}`), { recursive: true })
  await mkdir(join(runs, '447330', 'run-version-77'), { recursive: true })
  expect(await highestVersionOnDisk(root, samplePlace)).toBe(10)
})

test('a file where the folder should be has no versions', async () => {
  const root = await temporaryRoot()
  await mkdir(join(root, 'WISH', 'RBNumber', 'RB1920234', 'autoreduced'), { recursive: true })
  await writeFile(join(root, 'WISH', 'RBNumber', 'RB1920234', 'autoreduced', '44733'), '')
  expect(await highestVersionOnDisk(root, samplePlace)).toBe(-1)
})

test('other names are not versions', () => {
  expect(highestVersion(['run-version-', 'run-version-1a', 'old-run-version-5', 'run-version-9999999999'])).toBe(-1)
})
