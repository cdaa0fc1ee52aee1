import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { lastrunPath } from './archive-paths.ts'
import { listInstruments } from './list-instruments.ts'
import { readLastrun } from './read-lastrun.ts'

let root: string
let path: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lastrun-'))
  path = lastrunPath(root, 'WISH')
  await mkdir(dirname(path), { recursive: true })
})
afterEach(() => rm(root, { recursive: true }))

const reason = async (): Promise<string> => {
  const reading = await readLastrun(root, 'WISH')
  return reading.kind === 'problem' ? reading.reason : reading.kind
}

describe('an instrument’s counter', () => {
  it('is read from its place in the archive', async () => {
    await writeFile(path, 'WISH 00044733 0 ')
    expect(await readLastrun(root, 'WISH')).toEqual({ kind: 'read', lastRun: 44733, path })
  })

  it('is looked at a second time before it is called broken, since it is rewritten in place', async () => {
    await writeFile(path, '')
    const rewrite = (): Promise<void> => writeFile(path, 'WISH 00044734 0 ')
    expect(await readLastrun(root, 'WISH', rewrite)).toMatchObject({ kind: 'read', lastRun: 44734 })
  })

  it('tells in words, naming instrument and path, what is wrong with its file', async () => {
    expect(await reason()).toContain('lastrun.txt of WISH is not there')
    await writeFile(path, 'WISH 00044733')
    expect(await reason()).toContain('cannot be understood. It says “WISH 00044733”')
    await writeFile(path, Buffer.alloc(50_000_000, 'x'))
    expect(await reason()).toContain('more than 1024 bytes')
    await rm(path)
    await mkdir(path)
    expect(await reason()).toContain('is a directory, not a file')
    await rm(path, { recursive: true })
    execFileSync('mkfifo', [path])
    expect(await reason()).toContain('is a named pipe, not a file')
    await rm(path)
    await symlink(path, path)
    expect(await reason()).toContain('leads to itself')
    expect(await reason()).toContain(path)
  })
})

describe('the instruments of an archive', () => {
  it('are the folders NDX…, by name', async () => {
    await mkdir(join(root, 'NDXENGINX'))
    await mkdir(join(root, 'NDX'))
    await mkdir(join(root, 'NDX bad name'))
    await mkdir(join(root, 'ndxmari'))
    await mkdir(join(root, 'scratch'))
    await symlink(join(root, 'NDXENGINX'), join(root, 'NDXALF'))
    await writeFile(join(root, 'NDXFILE'), '')
    expect(await listInstruments(root)).toEqual({ kind: 'listed', instruments: ['ALF', 'ENGINX', 'WISH'] })
  })

  it('cannot be told without an archive', async () => {
    expect(await listInstruments(join(root, 'nowhere'))).toMatchObject({
      kind: 'problem',
      reason: expect.stringContaining('is not there. Check that it is mounted'),
    })
  })
})
