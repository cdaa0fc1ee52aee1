import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { usualModes } from './file-modes.ts'
import { publish, standingOf } from './publish.ts'
import { discardStaging } from './stage.ts'
import { sealedStaging, temporaryRoot, tree } from './test-support.ts'

const attempt = { instrument: 'WISH', reductionId: 17, fence: 3 }
const files = { 'WISH44733.nxs': 'data', 'plots/a.png': 'picture' }
const complete = [
  'WISH44733.nxs',
  'plots',
  'plots/a.png',
  'provenance.json',
  'reduction_log',
  'reduction_log/RB_1920234_Run_44733_Script.out',
]

test('finished results appear whole, and nothing is left in staging', async () => {
  const root = await temporaryRoot()
  const { publication } = await sealedStaging(root, attempt, files)
  await publish(publication, usualModes)
  expect(await tree(publication.target)).toEqual(complete)
  expect(await tree(join(root, 'WISH', '.staging'))).toEqual([])
  expect((await stat(dirname(publication.target))).mode & 0o777).toBe(0o775)
  expect(await standingOf(publication)).toBe('published')
})

describe('whoever finds an interrupted publication finishes it, wherever it stopped', () => {
  const interruptions: Readonly<Record<string, (staging: string, target: string) => Promise<unknown>>> = {
    'before anything': () => Promise.resolve(),
    'when the parents were made': (_, target) => mkdir(dirname(target), { recursive: true }),
    'when the rename had happened': async (staging, target) => {
      await mkdir(dirname(target), { recursive: true })
      await rename(staging, target)
    },
    'when the rename had happened and the staging was made anew': async (staging, target) => {
      await mkdir(dirname(target), { recursive: true })
      await rename(staging, target)
      await mkdir(staging)
    },
  }
  test.for(Object.entries(interruptions))('%s', async ([, interrupt]) => {
    const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
    await interrupt(publication.staging, publication.target)
    await publish(publication, usualModes)
    await publish(publication, usualModes)
    expect(await tree(publication.target)).toEqual(complete)
  })
})

test('two that publish the same at once both find it published', async () => {
  const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
  await Promise.all([publish(publication, usualModes), publish(publication, usualModes)])
  expect(await tree(publication.target)).toEqual(complete)
})

test('of two reductions that want the same place one gets it and the other is told; both keep their data', async () => {
  const root = await temporaryRoot()
  const one = await sealedStaging(root, attempt, { a: 'one' })
  const other = await sealedStaging(root, { ...attempt, reductionId: 18 }, { a: 'other' })
  const outcomes = await Promise.allSettled([
    publish(one.publication, usualModes),
    publish(other.publication, usualModes),
  ])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const loser = outcomes[0]?.status === 'rejected' ? one : other
  expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { kind: 'taken' } })
  expect(await readFile(join(loser.staging.directory, 'a'), 'utf8')).toBe(loser === one ? 'one' : 'other')
})

test('the results of a predecessor are not touched', async () => {
  const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
  await mkdir(publication.target, { recursive: true })
  await writeFile(join(publication.target, 'old.nxs'), 'old')
  await expect(publish(publication, usualModes)).rejects.toMatchObject({ name: 'ResultsFault', kind: 'taken' })
  expect(await tree(publication.target)).toEqual(['old.nxs'])
})

test('a staging directory that somebody removed is an error that says so', async () => {
  const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
  await rm(publication.staging, { recursive: true })
  await expect(publish(publication, usualModes)).rejects.toMatchObject({ kind: 'vanished' })
})

test('a staging directory without its provenance was never decided and is not published', async () => {
  const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
  await rm(join(publication.staging, 'provenance.json'))
  await expect(publish(publication, usualModes)).rejects.toMatchObject({ kind: 'vanished' })
})

test('a named pipe in the place of a record holds nobody up', async () => {
  const one = await sealedStaging(await temporaryRoot(), attempt, files)
  await mkdir(one.publication.target, { recursive: true })
  execFileSync('mkfifo', [join(one.publication.target, 'provenance.json')])
  await expect(publish(one.publication, usualModes)).rejects.toMatchObject({ kind: 'taken' })

  const other = await sealedStaging(await temporaryRoot(), attempt, files)
  await rm(join(other.publication.staging, 'provenance.json'))
  execFileSync('mkfifo', [join(other.publication.staging, 'provenance.json')])
  await expect(publish(other.publication, usualModes)).rejects.toMatchObject({ kind: 'vanished' })
})

test('a staging folder that is not there is a disk that is not there: the results are not given up', async () => {
  const root = await temporaryRoot()
  const { publication } = await sealedStaging(root, attempt, files)
  await rename(join(root, 'WISH', '.staging'), join(root, 'unmounted'))
  await expect(publish(publication, usualModes)).rejects.toMatchObject({ kind: 'missing', retryable: true })
  await rename(join(root, 'unmounted'), join(root, 'WISH', '.staging'))
  await publish(publication, usualModes)
  expect(await tree(publication.target)).toEqual(complete)
})

test.runIf(process.getuid?.() !== 0)('a record that may not be read now is nobody else’s', async () => {
  const { publication } = await sealedStaging(await temporaryRoot(), attempt, files)
  await chmod(join(publication.staging, 'provenance.json'), 0)
  await expect(publish(publication, usualModes)).rejects.toMatchObject({ kind: 'read-only', retryable: true })
})

test('an attempt that lost its lease leaves nothing, and nobody else’s is touched', async () => {
  const root = await temporaryRoot()
  const lost = await sealedStaging(root, attempt, files)
  await sealedStaging(root, { ...attempt, reductionId: 170 }, files)
  await writeFile(`${lost.staging.log}.500`, 'tail')
  await discardStaging(root, attempt)
  const left = await tree(join(root, 'WISH', '.staging'))
  expect(left.filter((path) => !path.includes('/'))).toEqual(['170-3'])
})
