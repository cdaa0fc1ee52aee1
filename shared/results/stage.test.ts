import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { usualModes } from './file-modes.ts'
import { discardStaging, stage } from './stage.ts'
import { temporaryRoot } from './test-support.ts'

const attempt = { instrument: 'WISH', reductionId: 17, fence: 3 }

test('an attempt starts in an empty directory and clears up behind earlier ones of the same reduction', async () => {
  const root = await temporaryRoot()
  const staging = join(root, 'WISH', '.staging')
  await mkdir(join(staging, '17-2', 'deep'), { recursive: true })
  await mkdir(join(staging, '170-1'))
  await mkdir(join(staging, '17-4'))
  await writeFile(join(staging, '17-2.log'), 'old')
  await writeFile(join(staging, '17-2.log.500'), 'old')
  const made = await stage(root, attempt, usualModes)
  expect(await readdir(made.directory)).toEqual([])
  expect((await readdir(staging)).toSorted()).toEqual(['17-3', '17-3.log', '17-4', '170-1'])
  expect(await readFile(made.log, 'utf8')).toBe('')
})

test('a results root that is not mounted is not made', async () => {
  const root = join(await temporaryRoot(), 'not-mounted')
  await expect(stage(root, attempt, usualModes)).rejects.toMatchObject({ name: 'ResultsFault', kind: 'missing' })
  await expect(readdir(root)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('discarding where nothing was staged is no error', async () => {
  await expect(discardStaging(await temporaryRoot(), attempt)).resolves.toBeUndefined()
})
