import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { canDisksHang, openHangingDisk, whyNoDiskHangs } from '../../tests/support/hanging-disk.ts'
import { openEnvironmentPlaces } from './environment-places.ts'
import type { Launch } from './launcher.ts'
import { openScratch } from './scratch.ts'
import { temporaryDirectory, testEnvironment } from './test-support.ts'

if (!canDisksHang) console.warn(`An archive that hangs is not tried: ${whyNoDiskHangs}`)

const launchOf = (inputFile: string, inputRealPaths: readonly string[] = []): Launch => ({
  software: testEnvironment(),
  name: '1-1',
  script: [],
  job: { mode: 'reduce', inputFile, outputDirectory: '/results/', given: [] },
  inputRealPaths,
  limits: { temporaryBytes: 1 },
  onLog: () => Promise.resolve(),
  onReport: () => undefined,
})

test('a script sees its input under its name and without links, and the archive under both names', async () => {
  const directory = await temporaryDirectory()
  await mkdir(join(directory, 'real'))
  await symlink(join(directory, 'real'), join(directory, 'archive'))
  const scratch = await openScratch(join(directory, 'scratch'))
  const readable = [join(directory, 'archive'), join(directory, 'comes-later')]
  const places = await openEnvironmentPlaces(scratch, { readable, hidden: [] })
  const seen = async (): Promise<string[]> =>
    (await places.viewFor(launchOf('/data/./raw.nxs', ['/disk7/raw.nxs']))).entries.map(({ path }) => path)
  expect(await seen()).toEqual(
    expect.arrayContaining([join(directory, 'archive'), join(directory, 'real'), '/data/raw.nxs', '/disk7/raw.nxs']),
  )
  expect(await seen()).not.toContain(join(directory, 'comes-later'))
  await writeFile(join(directory, 'comes-later'), '')
  expect(await seen()).toContain(join(directory, 'comes-later'))
})

test.runIf(canDisksHang)('an archive that hangs takes none of our own threads', async () => {
  const directory = await temporaryDirectory()
  const archive = join(directory, 'archive')
  await mkdir(archive)
  const hanging = await openHangingDisk(archive)
  onTestFinished(hanging.end)
  await writeFile(join(hanging.source, 'raw.nxs'), 'counts')
  await writeFile(join(directory, 'other'), 'of others')
  const places = await openEnvironmentPlaces(await openScratch(join(directory, 'scratch')), {
    readable: [archive],
    hidden: [],
  })
  const launch = launchOf(join(archive, 'raw.nxs'))
  const view = await places.viewFor(launch)
  hanging.hang()
  // More than Node.js has threads for files.
  const views = await Promise.all(Array.from({ length: 6 }, () => places.viewFor(launch)))
  expect(views.every((one) => JSON.stringify(one) === JSON.stringify(view))).toBe(true)
  expect(await readFile(join(directory, 'other'), 'utf8')).toBe('of others')
})
