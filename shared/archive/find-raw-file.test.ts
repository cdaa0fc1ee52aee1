import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findRawFile, type RawFileSearch } from './find-raw-file.ts'

let root: string
const data = (...parts: readonly string[]): string => join(root, 'NDXMARI', 'Instrument', 'data', ...parts)
const put = async (...parts: readonly string[]): Promise<string> => {
  await mkdir(dirname(data(...parts)), { recursive: true })
  await writeFile(data(...parts), 'x')
  return data(...parts)
}
const find = (run: number): Promise<RawFileSearch> => findRawFile(root, 'MARI', run, ['MARI', 'MAR'])

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'archive-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('a run’s raw file', () => {
  it.each([
    'MARI00025581.nxs',
    'MAR25581.nxs',
    'MAR25581.NXS',
    'mar25581.Nxs',
    'MARI025581.nxs',
    'MARI0025581.nxs',
    'Mari00025581.nXs',
  ])('is found as %s', async (name) => {
    const path = await put('cycle_24_3', name)
    await put('cycle_24_3', 'MARI00025580.nxs')
    expect(await find(25581)).toEqual({ kind: 'found', path })
  })

  it('is the one of the newest cycle where several have it', async () => {
    await put('cycle_97_1', 'MARI00000012.nxs')
    await put('cycle_09_4', 'MARI00000012.nxs')
    await put('cycle_09_10', 'MARI00000011.nxs')
    const path = await put('cycle_09_10', 'MAR00012.nxs')
    expect(await find(12)).toEqual({ kind: 'found', path })
  })

  it('is found in an old cycle among many, also by an unusual name', async () => {
    for (const cycle of ['cycle_24_1', 'cycle_24_2', 'cycle_24_3', 'cycle_25_1']) await put(cycle, 'MARI00099999.nxs')
    const path = await put('cycle_98_1', 'mar1234.NXS')
    expect(await find(1234)).toEqual({ kind: 'found', path })
  })

  it('is not another run’s, nor another instrument’s', async () => {
    await put('cycle_24_3', 'MARI000255810.nxs')
    await put('cycle_24_3', 'MERLIN00025581.nxs')
    await put('cycle_24_3', 'MARI00025581.nxs.tmp')
    await put('cycle_24_3', 'MARI00025581_event.nxs')
    expect(await find(25581)).toMatchObject({ kind: 'absent', reason: expect.stringContaining('run 25581 of MARI') })
  })

  it('is seen when it comes into a folder that was looked at before', async () => {
    await put('cycle_24_3', 'MARI00000001.nxs')
    await put('cycle_20_1', 'MARI00000001.nxs')
    await put('cycle_19_1', 'MARI00000001.nxs')
    const longAgo = new Date(Date.now() - 3_600_000)
    for (const cycle of ['cycle_24_3', 'cycle_20_1', 'cycle_19_1']) await utimes(data(cycle), longAgo, longAgo)
    expect((await find(2)).kind).toBe('absent')
    expect((await find(2)).kind).toBe('absent')
    const path = await put('cycle_19_1', 'MARI00000002.nxs')
    expect(await find(2)).toEqual({ kind: 'found', path })
    await rename(path, data('cycle_20_1', 'MARI00000002.nxs'))
    expect(await find(2)).toEqual({ kind: 'found', path: data('cycle_20_1', 'MARI00000002.nxs') })
  })

  it('may be there as .raw only', async () => {
    const path = await put('cycle_97_1', 'MAR01250.RAW')
    expect(await find(1250)).toEqual({
      kind: 'only-raw',
      path,
      reason: expect.stringContaining('Only the old .raw file'),
    })
    const nexus = await put('cycle_97_1', 'MAR01250.nxs')
    expect(await find(1250)).toEqual({ kind: 'found', path: nexus })
  })

  it('is absent, in words, without cycles or without a data folder', async () => {
    expect(await find(1)).toMatchObject({
      kind: 'absent',
      reason: expect.stringContaining('The data folder of MARI is not there'),
    })
    await mkdir(data(), { recursive: true })
    expect(await find(1)).toMatchObject({ kind: 'absent', reason: expect.stringContaining('no cycle folder') })
  })

  it('cannot be told where folders loop, are files or pipes; the others are looked through all the same', async () => {
    await mkdir(data(), { recursive: true })
    await symlink(data('cycle_24_3'), data('cycle_24_3'))
    expect(await find(1)).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('leads to itself') })
    await put('cycle_24_2')
    execFileSync('mkfifo', [data('cycle_24_1')])
    const path = await put('cycle_23_1', 'MARI00000001.nxs')
    expect(await find(1)).toEqual({ kind: 'found', path })
  })
})
