import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isDeeperThan, isPlotlyFigure, listOutputs } from './list-outputs.ts'
import { temporaryRoot } from './test-support.ts'

test('files are listed with size, type and the way the portal shows them', async () => {
  const directory = await temporaryRoot()
  await mkdir(join(directory, 'reduction_log'))
  const content: Readonly<Record<string, string>> = {
    'WISH44733.nxs': 'data',
    'spectrum.PNG': 'p',
    'empty.png': '',
    'figure.json': '{"data": [], "layout": {}}',
    'settings.json': '{"data": {"x": 1}}',
    'broken.json': '{"data": [',
    'plot.svg': '<svg/>',
    'name\nof two lines.txt': 'x',
    'provenance.json': '{"data": []}',
    'reduction_log/a.out': 'log',
  }
  for (const [name, text] of Object.entries(content)) await writeFile(join(directory, name), text)
  await symlink('/etc/hostname', join(directory, 'link.png'))
  const { files, leftUnlisted } = await listOutputs(directory)
  expect(leftUnlisted).toBe(0)
  expect(files.map(({ path, plot }) => [path, plot])).toEqual([
    ['WISH44733.nxs', null],
    ['broken.json', null],
    ['empty.png', null],
    ['figure.json', 'plotly'],
    ['name\nof two lines.txt', null],
    ['plot.svg', null],
    ['provenance.json', null],
    ['reduction_log/a.out', null],
    ['settings.json', null],
    ['spectrum.PNG', 'image'],
  ])
  expect(files[0]).toEqual({ path: 'WISH44733.nxs', sizeBytes: 4, mediaType: 'application/x-hdf5', plot: null })
  expect(files.at(-1)?.mediaType).toBe('image/png')
})

test('more files than are listed are counted', async () => {
  const directory = await temporaryRoot()
  for (const name of ['a', 'b', 'c']) await writeFile(join(directory, name), name)
  expect(await listOutputs(directory, 2)).toMatchObject({ files: [{ path: 'a' }, { path: 'b' }], leftUnlisted: 1 })
})

test('a Plotly figure is an object whose data is a list', () => {
  expect(isPlotlyFigure({ data: [{ type: 'scatter' }] })).toBe(true)
  for (const json of [null, [], { data: {} }, { layout: {} }, 'data', 3]) expect(isPlotlyFigure(json)).toBe(false)
})

test('a file that is nested without end is listed and not looked into', async () => {
  const directory = await temporaryRoot()
  const deep = `${'['.repeat(200)}${']'.repeat(200)}`
  await writeFile(join(directory, 'deep.json'), `{"data": [${deep}]}`)
  await writeFile(join(directory, 'flat.json'), JSON.stringify({ data: [{ text: deep, more: '\\"[[' }] }))
  const { files } = await listOutputs(directory)
  expect(files.map(({ path, plot }) => [path, plot])).toEqual([
    ['deep.json', null],
    ['flat.json', 'plotly'],
  ])
})

const depthOf = (json: unknown): number =>
  typeof json === 'object' && json !== null ? 1 + Math.max(0, ...Object.values(json).map(depthOf)) : 0

test('the depth of JSON is told without reading it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), fc.nat(8), (text, deepest) => {
      expect(isDeeperThan(deepest, Buffer.from(text))).toBe(depthOf(JSON.parse(text)) > deepest)
    }),
  )
})
