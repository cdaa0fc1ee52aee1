import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { usualModes } from './file-modes.ts'
import { chooseExtraDirectories, copyToExtraDirectories } from './extra-directories.ts'
import { temporaryRoot } from './test-support.ts'

test('no copy adds to the published results of another run, whichever way its path is put together', async () => {
  const own = await temporaryRoot()
  const results = join(own, '44733', 'run-version-0')
  const published = join(own, '44734', 'run-version-0')
  await mkdir(join(results, 'run-version-0'), { recursive: true })
  await mkdir(published, { recursive: true })
  await writeFile(join(results, 'run-version-0', 'forged.nxs'), 'x')
  await writeFile(join(results, 'mine.nxs'), 'x')
  const { allowed } = await chooseExtraDirectories([join(own, '44734'), published], [], own)
  expect(allowed.map(({ path }) => path)).toEqual([join(own, '44734')])
  expect(await copyToExtraDirectories(results, allowed, usualModes)).toEqual([
    expect.stringContaining('nobody adds to published results'),
  ])
  expect(await readdir(published)).toEqual([])
  expect((await readdir(join(own, '44734'))).toSorted()).toEqual(['mine.nxs', 'run-version-0'])
})
