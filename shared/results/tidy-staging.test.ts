import { execFile } from 'node:child_process'
import { chmod, link, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeTooDeep, temporaryRoot, tree } from './test-support.ts'
import { tidyStaging } from './tidy-staging.ts'

const modes = { file: 0o640, directory: 0o750 }

test('files and directories get the configured modes, whatever the script gave them', async () => {
  const staging = await temporaryRoot()
  await mkdir(join(staging, 'closed'))
  await writeFile(join(staging, 'closed', 'a'), 'x')
  await chmod(join(staging, 'closed', 'a'), 0o4777)
  await chmod(join(staging, 'closed'), 0)
  expect(await tidyStaging(staging, modes)).toMatchObject({ remarks: [], wasRemoved: false })
  expect((await stat(join(staging, 'closed'))).mode & 0o7777).toBe(0o750)
  expect((await stat(join(staging, 'closed', 'a'))).mode & 0o7777).toBe(0o640)
})

test('hundreds of files, small ones and large, are all tidied and counted', async () => {
  const staging = await temporaryRoot()
  await mkdir(join(staging, 'many'))
  const sizes = Array.from({ length: 300 }, (_, n) => (n % 100 === 0 ? 2 * 1024 * 1024 : 1))
  await Promise.all(
    sizes.map((size, n) => writeFile(join(staging, 'many', `${n}`), Buffer.alloc(size), { mode: 0o600 })),
  )
  const { written } = await tidyStaging(staging, modes)
  expect(written.files).toBe(301)
  expect(written.bytes).toBeGreaterThanOrEqual(3 * 2 * 1024 * 1024 + 297)
  const left = await Promise.all(sizes.map((_, n) => stat(join(staging, 'many', `${n}`))))
  expect(new Set(left.map(({ mode }) => mode & 0o7777))).toEqual(new Set([modes.file]))
})

test('links, pipes and outside hard links are left out and named; what they led to is unharmed', async () => {
  const root = await temporaryRoot()
  const staging = join(root, 'staging')
  const secret = join(root, 'secret')
  await mkdir(join(staging, 'deep'), { recursive: true })
  await writeFile(secret, 'secret', { mode: 0o600 })
  await symlink(secret, join(staging, 'symbolic'))
  await symlink(root, join(staging, 'deep', 'directory'))
  await link(secret, join(staging, 'hard'))
  await writeFile(join(staging, 'twice'), 'mine')
  await link(join(staging, 'twice'), join(staging, 'deep', 'twice'))
  await promisify(execFile)('mkfifo', [join(staging, 'pipe\nwith a second line')])
  const { remarks } = await tidyStaging(staging, modes)
  expect(await tree(staging)).toEqual(['deep', 'deep/twice', 'twice'])
  expect(remarks.toSorted()).toEqual([
    '"deep/directory" was left out: it is a symbolic link.',
    '"hard" was left out: it is a hard link to a file elsewhere.',
    '"pipe\\nwith a second line" was left out: it is a named pipe.',
    '"symbolic" was left out: it is a symbolic link.',
  ])
  expect(await readFile(secret, 'utf8')).toBe('secret')
  expect((await stat(secret)).mode & 0o777).toBe(0o600)
})

test('a link whose name is no valid text is left out all the same', async () => {
  const staging = await temporaryRoot()
  await symlink('/etc', Buffer.concat([Buffer.from(`${staging}/bad-`), Buffer.from([0xff, 0xfe])]))
  await tidyStaging(staging, modes)
  expect(await tree(staging)).toEqual([])
})

const bytes = (...parts: readonly (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))))

test('a file or folder whose name is no valid text gets one that is, and takes no other’s', async () => {
  const staging = await temporaryRoot()
  const folder = bytes(staging, '/folder-', 0xff)
  await mkdir(folder)
  await writeFile(Buffer.concat([folder, bytes('/a', 0xfe, 'ö')]), 'x')
  await writeFile(join(staging, 'folder-%FF'), 'its own')
  await writeFile(bytes(staging, '/', ...Array.from({ length: 250 }, () => 0xc3)), 'y')
  const { remarks } = await tidyStaging(staging, modes)
  const found = await tree(staging)
  expect(found).toHaveLength(4)
  expect(found).toEqual([
    expect.stringMatching(/^(%C3){66}%C-[0-9a-f]{12}$/),
    'folder-%FF',
    expect.stringMatching(/^folder-%FF-[0-9a-f]{12}$/),
    expect.stringMatching(/^folder-%FF-[0-9a-f]{12}\/a%FE%C3%B6$/),
  ])
  expect(await readFile(join(staging, 'folder-%FF'), 'utf8')).toBe('its own')
  expect(remarks).toHaveLength(3)
  expect(remarks.join()).toContain(
    '/a%FE%C3%B6" is the name of a file or folder now whose own is no valid text (UTF-8).',
  )
})

test('directories too deep for a path are left out, and what lies above them stays', async () => {
  const staging = await temporaryRoot()
  await writeFile(join(staging, 'kept'), 'x')
  makeTooDeep(staging)
  const { remarks } = await tidyStaging(staging, modes)
  const found = await tree(staging)
  expect(found.at(-1)).toBe('kept')
  expect(Math.max(...found.map(({ length }) => length))).toBeLessThanOrEqual(3_000)
  expect(remarks).toEqual([
    expect.stringMatching(/^"d{200}\/d{99}…" was left out: its path is longer than 3000 bytes\.$/),
  ])
})

test('names that the service keeps for itself are moved aside', async () => {
  const staging = await temporaryRoot()
  await symlink('/etc', join(staging, 'reduction_log'))
  await writeFile(join(staging, 'provenance.json'), '{"forged": true}')
  const { remarks } = await tidyStaging(staging, modes)
  expect(await tree(staging)).toEqual(['provenance.json-of-the-script'])
  expect(remarks).toHaveLength(3)
})

test('an output directory that the script removed, or replaced by a link, is there again and empty', async () => {
  const root = await temporaryRoot()
  const staging = join(root, 'staging')
  expect(await tidyStaging(staging, modes)).toMatchObject({ wasRemoved: true })
  await rm(staging, { recursive: true })
  await mkdir(join(root, 'elsewhere'))
  await writeFile(join(root, 'elsewhere', 'a'), 'x')
  await symlink(join(root, 'elsewhere'), staging)
  expect(await tidyStaging(staging, modes)).toMatchObject({ wasRemoved: true })
  expect(await tree(staging)).toEqual([])
  expect(await tree(join(root, 'elsewhere'))).toEqual(['a'])
})
