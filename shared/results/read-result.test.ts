import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readLogRange, readResultRange } from './read-result.ts'
import { growingLog, temporaryRoot } from './test-support.ts'

const resultsIn = async (files: Readonly<Record<string, string>>) => {
  const outside = await temporaryRoot()
  const root = join(outside, 'results')
  const directory = join(root, 'WISH', 'RBNumber', 'RB1920234', 'autoreduced', '44733', 'run-version-0')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  await writeFile(join(outside, 'secret'), 'a secret')
  const read = (path: string, position = 0, length = 100) =>
    readResultRange({ root, directory, path, position, length })
  return { outside, root, directory, read }
}

describe('reading a result', () => {
  it('gives the part that is asked for, and how long all is', async () => {
    const { read } = await resultsIn({ 'deep/er/plot.json': '0123456789' })
    expect(await read('deep/er/plot.json', 2, 3)).toMatchObject({
      kind: 'read',
      bytes: Buffer.from('234'),
      sizeBytes: 10,
    })
    expect(await read('deep/er/plot.json', 8, 99)).toMatchObject({ bytes: Buffer.from('89') })
    expect(await read('deep/er/plot.json', 99, 9)).toMatchObject({ bytes: Buffer.from(''), sizeBytes: 10 })
  })

  it('opens no link, and nothing behind one', async () => {
    const { outside, directory, read } = await resultsIn({ 'a.txt': 'a' })
    await symlink(join(outside, 'secret'), join(directory, 'link.txt'))
    await symlink(outside, join(directory, 'linked'))
    await symlink('a.txt', join(directory, 'harmless'))
    expect(await read('link.txt')).toMatchObject({ kind: 'refused' })
    expect(await read('linked/secret')).toMatchObject({ kind: 'refused' })
    expect(await read('harmless')).toMatchObject({ kind: 'refused' })
  })

  it('does not leave the directory', async () => {
    const { read, root, directory } = await resultsIn({ 'a.txt': 'a' })
    for (const path of ['../run-version-0/a.txt', '/etc/hostname', './a.txt', 'a//a.txt', '', 'a.txt\0', '..']) {
      expect(await read(path), path).toMatchObject({ kind: 'refused' })
    }
    const from = { path: 'a.txt', position: 0, length: 1 }
    expect(await readResultRange({ ...from, root: join(root, 'MARI'), directory })).toMatchObject({ kind: 'refused' })
    expect(await readResultRange({ ...from, root: directory, directory })).toMatchObject({ kind: 'refused' })
  })

  it('follows what the operator has linked above the results', async () => {
    const { outside, root, directory } = await resultsIn({ 'a.txt': 'a' })
    await rename(join(root, 'WISH'), join(outside, 'other-disk'))
    await symlink(join(outside, 'other-disk'), join(root, 'WISH'))
    expect(await readResultRange({ root, directory, path: 'a.txt', position: 0, length: 1 })).toMatchObject({
      kind: 'read',
    })
  })

  it('says that a directory, a named pipe and a missing file are no files, at once', async () => {
    const { directory, read } = await resultsIn({ 'deep/a.txt': 'a' })
    execFileSync('mkfifo', [join(directory, 'pipe')])
    expect(await read('pipe')).toMatchObject({ kind: 'refused' })
    expect(await read('deep')).toMatchObject({ kind: 'refused' })
    expect(await read('nothing')).toEqual({ kind: 'absent' })
    expect(await read('deep/a.txt/b')).toEqual({ kind: 'absent' })
  })
})

describe('reading a log', () => {
  const log = 'reduction_log/RB_1920234_Run_44733_Script.out'

  it('reads it where it grows, then where it was filed', async () => {
    const { root, directory } = await resultsIn({ 'a.txt': 'a' })
    const staged = join(root, 'WISH', 'staged.log')
    const read = (from: number, length = 100) =>
      readLogRange({ staged, filed: [{ root, directory, path: log }], from, length })
    expect(await read(0)).toEqual({ kind: 'absent' })

    const writer = await growingLog(staged, { headBytes: 1_000, tailBytes: 1_000 })
    await writer.write('first\n')
    expect(await read(0)).toEqual({ kind: 'read', bytes: Buffer.from('first\n'), offset: 0, sizeBytes: 6 })
    await writer.write('second\n')
    expect(await read(6)).toEqual({ kind: 'read', bytes: Buffer.from('second\n'), offset: 6, sizeBytes: 13 })
    expect(await read(13)).toMatchObject({ bytes: Buffer.from(''), sizeBytes: 13 })
    expect(await read(99)).toMatchObject({ bytes: Buffer.from(''), offset: 99, sizeBytes: 13 })
    expect(await read(-3)).toMatchObject({ bytes: Buffer.from('nd\n'), offset: 10 })
    expect(await read(0, 0)).toMatchObject({ bytes: Buffer.from(''), sizeBytes: 13 })
    await writer.finish([])

    await mkdir(dirname(join(directory, log)), { recursive: true })
    await rename(staged, join(directory, log))
    await appendFile(join(directory, log), 'end')
    expect(await read(6)).toEqual({ kind: 'read', bytes: Buffer.from('second\nend'), offset: 6, sizeBytes: 16 })
    expect(await read(-3)).toMatchObject({ bytes: Buffer.from('end'), offset: 13 })
  })

  it('is not held up by a named pipe or a link in its place', async () => {
    const { root, directory, outside } = await resultsIn({ 'a.txt': 'a' })
    for (const [name, make] of [
      ['pipe.log', (path: string) => Promise.resolve(execFileSync('mkfifo', [path]))],
      ['link.log', (path: string) => symlink(join(outside, 'secret'), path)],
    ] as const) {
      const staged = join(root, 'WISH', name)
      await make(staged)
      expect(await readLogRange({ staged, filed: [], from: 0, length: 9 })).toEqual({ kind: 'absent' })
    }
    await mkdir(dirname(join(directory, log)), { recursive: true })
    execFileSync('mkfifo', [join(directory, log)])
    const filed = [{ root, directory, path: log }]
    expect(await readLogRange({ staged: undefined, filed, from: 0, length: 9 })).toEqual({ kind: 'absent' })
  })

  it('goes on behind what was cut', async () => {
    const { root } = await resultsIn({ 'a.txt': 'a' })
    const staged = join(root, 'WISH', 'staged.log')
    const writer = await growingLog(staged, { headBytes: 4, tailBytes: 4 })
    for (const text of ['head', 'ab', 'cd', 'ef', 'gh']) await writer.write(text)
    const cut = await readLogRange({ staged, filed: [], from: 4, length: 100 })
    expect(cut).toMatchObject({ kind: 'read', sizeBytes: 12 })
    expect(cut.kind === 'read' && cut.offset).toBeGreaterThan(4)
  })
})
