import { rm, utimes } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { Instrument, Reduction, Run } from '#contracts/api.ts'
import type { Reproduction } from '#contracts/reproduction.ts'
import { submissionAnswerSchema } from '#contracts/submission.ts'
import { makeArchive, type MadeArchive } from './an-archive.ts'
import { startTheStack, type Stack } from './the-stack.ts'

const instrument = 'REPEATS'
const reduce = (version: number): string => `
import calibration
from reduce_vars import standard_vars
def main(input_file, output_dir):
    with open(output_dir + 'result.txt', 'w') as file:
        file.write('script ${version}, offset %s, factor %s' % (calibration.offset, web_var.standard_vars['factor']))
`
const scriptsOf = (version: number): Readonly<Record<string, string>> => ({
  'reduce.py': reduce(version),
  'calibration.py': `offset = ${version * 10}\n`,
  'reduce_vars.py': `standard_vars = {'factor': ${version}.5}\n`,
})

let archive: MadeArchive
let stack: Stack

beforeAll(async () => {
  archive = await makeArchive()
  await archive.writeLastrun(instrument, 1)
  await archive.writeScripts(instrument, scriptsOf(1))
  await archive.makeRuns(instrument, '1920234', [2])
  stack = await startTheStack({ ARCHIVE_ROOT: archive.root })
  await vi.waitUntil(
    async () => (await stack.get<{ items: Instrument[] }>('instruments')).items.some(({ lastRun }) => lastRun !== null),
    { timeout: 60_000, interval: 200 },
  )
}, 240_000)
afterAll(async () => {
  await stack.stop()
  await rm(archive.root, { recursive: true, force: true })
}, 60_000)

/** The newest version of the run, once there are so many and it has ended. */
const ended = async (versions: number): Promise<Reduction> => {
  const id = await vi.waitUntil(
    async () => {
      const { items } = await stack.get<{ items: Run[] }>(`runs?instrument=${instrument}`)
      const latest = items.find(({ runNumber }) => runNumber === 2)?.latest
      return latest?.version === versions - 1 && /Completed|Error/.test(latest.state) ? latest.id : undefined
    },
    { timeout: 120_000, interval: 200 },
  )
  return stack.get<Reduction>(`reductions/${id}`)
}
const fileOf = (id: number, path: string): Promise<string> =>
  fetch(`${stack.url}/api/v1/reductions/${id}/files/${path}`).then((answer) => answer.text())
const outcomesOf = async (answer: Response): Promise<unknown> => {
  expect(answer.status).toBe(200)
  return submissionAnswerSchema.parse(await answer.json()).outcomes
}

it(
  'an earlier reduction is repeated with its script, neighbours and variables, until its raw file has changed',
  { timeout: 300_000 },
  async () => {
    await archive.writeLastrun(instrument, 2)
    await stack.detect()
    const first = await ended(1)
    expect(await fileOf(first.id, 'result.txt')).toBe('script 1, offset 10, factor 1.5')

    await archive.writeScripts(instrument, scriptsOf(2))
    const rerun = await stack.post('submissions', { instrument, runs: [2] })
    expect(await outcomesOf(rerun)).toMatchObject([{ outcome: 'queued' }])
    expect(await fileOf((await ended(2)).id, 'result.txt')).toBe('script 2, offset 20, factor 2.5')

    const look = await stack.get<Reproduction>(`reductions/${first.id}/reproduction`)
    expect(look).toMatchObject({ refusal: null, version: 0 })
    expect(await outcomesOf(await stack.post(`reductions/${first.id}/reproduce`, {}))).toMatchObject([
      { outcome: 'queued' },
    ])
    const repeated = await ended(3)
    expect(repeated).toMatchObject({ state: 'Completed', reproduces: { reductionId: first.id, version: 0 } })
    expect(await fileOf(repeated.id, 'result.txt')).toBe('script 1, offset 10, factor 1.5')
    const record = JSON.parse(await fileOf(repeated.id, 'provenance.json')) as Record<string, unknown>
    const earlier = JSON.parse(await fileOf(first.id, 'provenance.json')) as Record<string, unknown>
    expect(record['script']).toEqual(earlier['script'])
    expect(record['variables']).toEqual(earlier['variables'])
    expect(record['reproduces']).toMatchObject({ reductionId: first.id, notHeld: look.notHeld, differences: [] })

    const [input] = (record['inputs'] as readonly { path: string }[]) ?? []
    const later = new Date(Date.now() + 60_000)
    await utimes(input?.path ?? '', later, later)
    const refused = await stack.post(`reductions/${first.id}/reproduce`, {})
    expect(refused.status).toBe(409)
    expect(((await refused.json()) as { detail: string }).detail).toMatch(/run 2|raw file/i)
    const { items } = await stack.get<{ items: Run[] }>(`runs?instrument=${instrument}`)
    expect(items[0]?.latest).toMatchObject({ id: repeated.id, version: 2 })
  },
)
