import { chmod, lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeTree } from './remove-tree.ts'
import { makeTooDeep, temporaryRoot, tree } from './test-support.ts'

test('removes what lies deeper than any path reaches', async () => {
  const root = await temporaryRoot()
  await mkdir(join(root, 'left'))
  makeTooDeep(join(root, 'left'))
  await removeTree(join(root, 'left'))
  expect(await readdir(root)).toEqual([])
})

test('removes closed directories and names that are no text, and follows no link', async () => {
  const root = await temporaryRoot()
  const left = join(root, 'left')
  await mkdir(join(left, 'closed'), { recursive: true })
  await mkdir(join(root, 'elsewhere'))
  await writeFile(join(root, 'elsewhere', 'a'), 'x')
  await symlink(join(root, 'elsewhere'), join(left, 'link'))
  await writeFile(Buffer.concat([Buffer.from(`${left}/closed/`), Buffer.from([0xff])]), 'x')
  for (const mode of [0o500, 0]) await chmod(join(left, 'closed'), mode)
  await removeTree(left)
  await removeTree(left)
  expect(await tree(root)).toEqual(['elsewhere', 'elsewhere/a'])
  expect((await lstat(join(root, 'elsewhere'))).isDirectory()).toBe(true)
})
