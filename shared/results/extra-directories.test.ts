import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
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

test('each directory outside the roots is refused with its reason, however its name is put together', async () => {
  const folder = await temporaryRoot()
  const [root, own] = [join(folder, 'root'), join(folder, 'own')]
  for (const path of [root, `${root}-beside`, own]) await mkdir(path)
  await symlink(folder, join(root, 'out'))
  const outside = [
    folder,
    root,
    `${root}-beside`,
    join(root, '..', 'own-beside'),
    `${root}/deep/../../new`,
    join(root, 'out', 'new'),
    '/',
  ]
  const inside = join(root, 'new', 'deep')
  const { allowed, remarks } = await chooseExtraDirectories([...outside, inside, 'copies'], [root], own)
  expect(allowed).toEqual([{ path: inside, mayReplace: true }])
  expect(remarks).toEqual([
    ...outside.map(
      (path) =>
        `The results were not copied to ${JSON.stringify(path)}: this service may not write there. Ask its team to allow it.`,
    ),
    'The results were not copied to "copies": it is not an absolute path.',
  ])
})

test('more directories than a reduction may name are told, not dropped', async () => {
  const root = await temporaryRoot()
  const many = Array.from({ length: 25 }, (_, number) => join(root, String(number)))
  const { allowed, remarks } = await chooseExtraDirectories(many, [root], root)
  expect(allowed).toHaveLength(20)
  expect(remarks).toEqual([
    'The results were copied to the first 20 of 25 directories only: no reduction may name more.',
  ])
})

test('a path longer than any can be is refused without looking', async () => {
  const folder = await temporaryRoot()
  const { allowed, remarks } = await chooseExtraDirectories(
    [`${folder}/new${'/a'.repeat(1_000_000)}`],
    [folder],
    folder,
  )
  expect(allowed).toEqual([])
  expect(remarks).toEqual([
    expect.stringMatching(/^The results were not copied to "\/.{99}"…: no path is longer than 4000 bytes\.$/),
  ])
})
