import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import type { Instrument, Reduction, Run } from '#contracts/api.ts'
import type { Outcome } from '#contracts/submission.ts'
import { privateServices } from '../../local/services/stack-services.ts'
import { makeArchive, type MadeArchive } from './an-archive.ts'
import { projectDirectory, startTheStack, type Stack } from './the-stack.ts'

/**
 * What is known to go wrong elsewhere, tried on the whole stack: each row of `docs/comparison.md` that names a lost run or a wrong
 * sentence. The sentences here are the ones that document quotes.
 */
let archive: MadeArchive
let stack: Stack

const scripts: Readonly<Record<string, { readonly script: string; readonly state: string }>> = {
  RAISES: {
    script: 'def main(input_file, output_dir):\n    raise ValueError("vanadium run 12 not found")\n',
    state: 'Error',
  },
  SYNTAX: { script: 'def main(input_file, output_dir)\n    pass\n', state: 'Error' },
  NOMAIN: { script: 'print("hello")\n', state: 'Error' },
  OSEXIT: {
    script: 'import os\ndef main(input_file, output_dir):\n    print("said before", flush=True)\n    os._exit(3)\n',
    state: 'Error',
  },
  CRASHES: {
    script:
      'import ctypes\ndef main(input_file, output_dir):\n    print("said before", flush=True)\n    ctypes.string_at(0)\n',
    state: 'Error',
  },
  SYSEXIT: { script: 'import sys\ndef main(input_file, output_dir):\n    sys.exit(0)\n', state: 'Error' },
  LONGER: {
    script: `# ${'x'.repeat(200_000)}\ndef main(input_file, output_dir):\n    print("reduced")\n`,
    state: 'Completed',
  },
  LETTERS: {
    script: `# ${'é'.repeat(70_000)}\ndef main(input_file, output_dir):\n    print("réduit")\n`,
    state: 'Completed',
  },
  NOEXP: { script: 'def main(input_file, output_dir):\n    pass\n', state: 'Skipped' },
}
const waits = `
import time
def main(input_file, output_dir):
    print("begun", flush=True)
    time.sleep(6)
`
const quick = 'def main(input_file, output_dir):\n    print("reduced", input_file)\n'

beforeAll(async () => {
  archive = await makeArchive()
  for (const [instrument, { script }] of Object.entries(scripts)) {
    await archive.writeLastrun(instrument, 1)
    await archive.writeScript(instrument, script)
    await archive.makeRuns(instrument, instrument === 'NOEXP' ? '0' : '1920234', [2])
  }
  for (const [instrument, script] of [
    ['KILLED', waits],
    ['ASKED', quick],
    ['BROKEN', quick],
    ['AFTER', quick],
  ] as const) {
    await archive.writeLastrun(instrument, 1)
    await archive.writeScript(instrument, script)
    await archive.makeRuns(instrument, '1920234', [2, 3, 4, 5])
  }
  stack = await startTheStack({ ARCHIVE_ROOT: archive.root, LEASE_SECONDS: '10' })
  await vi.waitUntil(
    async () => {
      const { items } = await stack.get<{ items: Instrument[] }>('instruments')
      return items.length >= Object.keys(scripts).length + 4 && items.every(({ lastRun }) => lastRun !== null)
    },
    { timeout: 60_000, interval: 200 },
  )
}, 240_000)

afterAll(async () => {
  await stack.stop()
  await rm(archive.root, { recursive: true, force: true })
}, 60_000)

const latestOf = async (instrument: string, runNumber: number) => {
  const { items } = await stack.get<{ items: Run[] }>(`runs?instrument=${instrument}&limit=200`)
  return items.find((run) => run.runNumber === runNumber)?.latest
}
const ended = async (instrument: string, runNumber: number): Promise<Reduction> => {
  const latest = await vi.waitUntil(
    async () => {
      const found = await latestOf(instrument, runNumber)
      return found && found.state !== 'Queued' && found.state !== 'Processing' ? found : undefined
    },
    { timeout: 120_000, interval: 200 },
  )
  return stack.get<Reduction>(`reductions/${latest.id}`)
}
const logOf = (id: number): Promise<string> =>
  fetch(`${stack.url}/api/v1/reductions/${id}/log`).then((answer) => answer.text())

describe('a script that fails', () => {
  it('gives each way of failing its own sentence, and what was printed is kept', { timeout: 180_000 }, async () => {
    for (const instrument of Object.keys(scripts)) await archive.writeLastrun(instrument, 2)
    await stack.detect()
    const sentences = new Set<string>()
    const page = await readFile(join(projectDirectory, 'docs', 'comparison.md'), 'utf8')
    for (const [instrument, { state }] of Object.entries(scripts)) {
      const reduction = await ended(instrument, 2)
      expect.soft(`${instrument}: ${reduction.state}`).toBe(`${instrument}: ${state}`)
      if (reduction.reason === null) continue
      sentences.add(reduction.reason)
      expect.soft(page, instrument).toContain(`${state}: “${reduction.reason}”`)
    }
    expect(sentences.size).toBe(Object.values(scripts).filter(({ state }) => state !== 'Completed').length)
    for (const instrument of ['OSEXIT', 'CRASHES']) {
      expect(await logOf((await ended(instrument, 2)).id)).toContain('said before')
    }
    expect(await logOf((await ended('LETTERS', 2)).id)).toContain('réduit')
  })
})

describe('a processor that is killed', () => {
  it('loses neither the run it worked at nor those that wait', { timeout: 240_000 }, async () => {
    await stack.post('submissions', { instrument: 'KILLED', runs: '2-5' })
    const owner = await vi.waitUntil(
      async () => {
        const rows = await stack.database.rows(
          z.object({ owner: z.string() }),
          `SELECT lease_owner AS owner FROM reductions WHERE instrument = 'KILLED' AND state = 'Processing' AND lease_owner IS NOT NULL`,
        )
        return rows[0]?.owner
      },
      { timeout: 60_000, interval: 100 },
    )
    const pid = Number(/-([0-9]+)-[0-9a-f]+$/.exec(owner)?.[1])
    process.kill(pid, 'SIGKILL')
    for (const run of [2, 3, 4, 5]) expect((await ended('KILLED', run)).state).toBe('Completed')
  })
})

describe('the API', () => {
  const ask = async (runs: unknown) => {
    const answer = await stack.post('submissions', { instrument: 'ASKED', runs })
    return { status: answer.status, body: (await answer.json()) as { outcomes?: Outcome[]; detail?: string } }
  }

  it('answers runs it cannot understand with a sentence, and submits none of them', async () => {
    for (const runs of ['2,x', [-1], 'five', [2.5], []]) {
      const { status, body } = await ask(runs)
      expect.soft(status, JSON.stringify(runs)).toBe(400)
      expect.soft(body.detail ?? '', JSON.stringify(runs)).not.toBe('')
    }
    expect(await latestOf('ASKED', 2)).toBeUndefined()
  })

  it('takes runs as text, and says of each of four what became of it', async () => {
    const { status, body } = await ask('2-4, 999')
    expect(status).toBe(200)
    expect(body.outcomes?.map(({ runNumber, outcome }) => [runNumber, outcome])).toEqual([
      [2, 'queued'],
      [3, 'queued'],
      [4, 'queued'],
      [999, expect.stringMatching(/^(waiting|refused)$/)],
    ])
    for (const run of [2, 3, 4]) expect((await ended('ASKED', run)).state).toBe('Completed')
  })
})

describe('the broker', () => {
  it(
    'may be down while runs are submitted: they are recorded, and reduced when it is back',
    { timeout: 300_000 },
    async () => {
      const services = join(stack.folder, 'state', 'services')
      const broker = privateServices(services).find(({ name }) => name === 'activemq')
      if (!broker) throw new Error('this stack has no broker of its own')
      process.kill(broker.pid, 'SIGKILL')
      const answer = await stack.post('submissions', { instrument: 'BROKEN', runs: [2] })
      const { outcomes } = (await answer.json()) as { outcomes: Outcome[] }
      expect(answer.status).toBe(200)
      expect(outcomes).toMatchObject([{ outcome: 'queued', runNumber: 2 }])
      expect((await latestOf('BROKEN', 2))?.state).toBe('Queued')
      // On a busy machine the database may take longer to answer than `make up` waits for it.
      await vi.waitFor(() => stack.upAgain(), { timeout: 180_000, interval: 1_000 })
      expect((await ended('BROKEN', 2)).state).toBe('Completed')
    },
  )
})

describe('lastrun.txt', () => {
  it('of one instrument may be anything: the others are looked at all the same', { timeout: 120_000 }, async () => {
    const bad = ['AAA', 'BBB', 'CCC']
    for (const [place, content] of [undefined, 'AAA seven 0\n', Buffer.from([0xff, 0xfe, 0x00])].entries()) {
      const instrument = bad[place] ?? ''
      await archive.writeScript(instrument, quick)
      await mkdir(join(archive.lastrunPath(instrument), '..'), { recursive: true })
      if (content !== undefined) await writeFile(archive.lastrunPath(instrument), content)
    }
    await archive.writeLastrun('AFTER', 2)
    await stack.detect()
    expect((await ended('AFTER', 2)).state).toBe('Completed')
    await stack.detect()
    expect((await ended('AFTER', 2)).versions).toHaveLength(1)
  })
})
