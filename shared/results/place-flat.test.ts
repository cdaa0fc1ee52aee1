import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { usualModes } from './file-modes.ts'
import { placeFlat } from './place-flat.ts'
import { temporaryRoot, tree } from './test-support.ts'

test('a version’s files are placed, replace those of the same run, and never those of another', async () => {
  const root = await temporaryRoot()
  const versions = join(root, '.versions', '123')
  const write = async (version: number, name: string, text: string): Promise<string> => {
    const directory = join(versions, `run-version-${version}`)
    await mkdir(directory, { recursive: true })
    await writeFile(join(directory, name), text)
    await writeFile(join(directory, 'provenance.json'), '{}')
    return directory
  }
  await writeFile(join(root, 'MARI1234.nxs'), 'another run')
  const first = await write(0, 'MARI123.nxs', 'first')
  expect(await placeFlat(first, root, versions, usualModes)).toEqual([])
  const second = await write(1, 'MARI123.nxs', 'second')
  await write(1, 'MARI1234.nxs', 'mine')
  const notPlaced = await placeFlat(second, root, versions, usualModes)
  expect(notPlaced).toEqual(['MARI1234.nxs was not placed: a file of another run has this name.'])
  expect(await readFile(join(root, 'MARI123.nxs'), 'utf8')).toBe('second')
  expect(await readFile(join(root, 'MARI1234.nxs'), 'utf8')).toBe('another run')
  expect((await tree(root)).filter((path) => !path.startsWith('.versions'))).toEqual(['MARI123.nxs', 'MARI1234.nxs'])
  expect(await placeFlat(second, root, versions, usualModes)).toHaveLength(1)
})

test('nothing is placed among the published versions of this run or another', async () => {
  const root = await temporaryRoot()
  const versions = join(root, '.versions', '123')
  const version = join(versions, 'run-version-0')
  await mkdir(join(version, '.versions', '124', 'run-version-0'), { recursive: true })
  await writeFile(join(version, '.versions', '124', 'run-version-0', 'MARI124.nxs'), 'not of run 124')
  await writeFile(join(version, 'MARI123.nxs'), 'mine')
  expect(await placeFlat(version, root, versions, usualModes)).toEqual([
    '.versions/124/run-version-0/MARI124.nxs was not placed: published versions lie in this folder.',
  ])
  expect((await tree(root)).filter((path) => path.startsWith('.versions/124'))).toEqual([])
})

test('what cannot be placed because of what lies there already is named, and the others are placed', async () => {
  const root = await temporaryRoot()
  const versions = join(root, '.versions', '123')
  const version = join(versions, 'run-version-0')
  await mkdir(join(version, 'plots'), { recursive: true })
  await writeFile(join(version, 'plots', 'a.png'), 'a picture')
  await writeFile(join(version, 'whole.nxs'), 'data')
  await writeFile(join(root, 'plots'), 'somebody’s file')
  expect(await placeFlat(version, root, versions, usualModes)).toEqual([
    'plots/a.png was not placed: something else lies on its way, or its name is too long.',
  ])
  expect(await readFile(join(root, 'whole.nxs'), 'utf8')).toBe('data')
})
