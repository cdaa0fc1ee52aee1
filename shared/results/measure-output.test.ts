import { mkdir, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { exceedsOutput } from './measure-output.ts'
import { temporaryRoot } from './test-support.ts'

test('a name that is no valid text hides neither a file nor what a folder holds', async () => {
  const directory = await temporaryRoot()
  const folder = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])])
  await mkdir(folder)
  await writeFile(Buffer.concat([folder, Buffer.from([0x2f, 0xfe])]), Buffer.alloc(100_000))
  expect(await exceedsOutput(directory, { bytes: 50_000, files: 10 })).toBe('output-limit')
  expect(await exceedsOutput(directory, { bytes: 1e9, files: 1 })).toBe('file-limit')
  expect(await exceedsOutput(directory, { bytes: 1e9, files: 2 })).toBeUndefined()
})
