import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Figure, Measurement } from '../figure.ts'
import type { BenchStack } from '../stack/bench-stack.ts'
import { middle, percentile } from '../statistics.ts'
import { watchOnly } from './instruments.ts'
import { memoryOf, pssOf } from '../../local/processes/memory-of.ts'
import { newestReduction, submitRuns, untilCompleted } from './reductions.ts'

const instrument = 'LOGA'
const followers = 20
const stampedLines = 200

/** Prints when it prints, in the clock that its readers have too. */
const stampingScript = `
import time
def main(input_file, output_dir):
    for line in range(${stampedLines}):
        print("stamp", repr(time.time()), flush=True)
        time.sleep(0.1)
`

const longLogBytes = 2_000_000_000
const longScript = `
import os
def main(input_file, output_dir):
    piece = (b"x" * 99 + b"\\n") * 10_000
    left = ${longLogBytes}
    while left > 0:
        left -= os.write(1, piece[:left])
`

/** How soon a printed line is in the streams of those who follow, and what a log of 2 GB costs the service, followed by twenty. */
export const liveLog: Measurement = {
  name: 'log',
  measure: async (stack) => {
    await watchOnly(stack, [instrument], 1)
    await stack.archive.addRuns(instrument, [1, 2])
    return [...(await latency(stack)), ...(await memoryOfLongLog(stack))]
  },
}

const runScript = async (stack: BenchStack, script: string, run: number): Promise<number> => {
  const path = join(stack.archive.root, `NDX${instrument}`, 'user', 'scripts', 'autoreduction', 'reduce.py')
  await writeFile(path, script)
  const since = await newestReduction(stack)
  await submitRuns(stack, instrument, String(run))
  return since
}

/** The text of a reduction's log with the time each piece came, to its end. */
const followToEnd = async (
  { url }: BenchStack,
  reduction: number,
  took: (text: string, atMs: number) => void,
): Promise<void> => {
  const answer = await fetch(`${url}/api/v1/reductions/${reduction}/log/stream?from=-1000`)
  let rest = ''
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const atMs = Date.now()
    const frames = (rest + part).split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const data = /^event: log\ndata: (.*)$/m.exec(frame)?.[1]
      if (data !== undefined) took(String(Reflect.get(Object(JSON.parse(data)), 'text')), atMs)
    }
  }
}

const latency = async (stack: BenchStack): Promise<readonly Figure[]> => {
  const since = await runScript(stack, stampingScript, 1)
  const latenciesMs: number[] = []
  const one = async (): Promise<void> => {
    let line = ''
    await followToEnd(stack, since + 1, (text, atMs) => {
      const lines = (line + text).split('\n')
      line = lines.pop() ?? ''
      for (const stamp of lines) {
        const printedAt = Number(/^stamp ([0-9.]+)$/.exec(stamp)?.[1] ?? Number.NaN)
        if (!Number.isNaN(printedAt)) latenciesMs.push(atMs - printedAt * 1000)
      }
    })
  }
  await Promise.all(Array.from({ length: followers }, one))
  if (latenciesMs.length !== stampedLines * followers) {
    throw new Error(`${latenciesMs.length} of ${stampedLines * followers} lines came`)
  }
  const note = `${followers} followers, ${stampedLines} lines each`
  return [
    { name: 'log-line-median', value: middle(latenciesMs), unit: 'ms', target: 500, note },
    { name: 'log-line-slowest', value: percentile(latenciesMs, 1), unit: 'ms', target: 500, note },
  ]
}

const memoryOfLongLog = async (stack: BenchStack): Promise<readonly Figure[]> => {
  const processes = await stack.processes()
  const of = (name: string): readonly number[] => processes.filter((one) => one.name === name).map(({ pid }) => pid)
  const measure = async () => {
    // Without children for process: they are the script's own. The API's are its readers, which any look at a disk starts.
    const processor = (await Promise.all(of('process').map(pssOf))).reduce((sum, size) => sum + size, 0)
    const api = (await Promise.all(of('api').map(pssOf))).reduce((sum, size) => sum + size, 0)
    const family = [...(await memoryOf(of('api'))).values()].reduce((sum, size) => sum + size, 0)
    const gateway = (await Promise.all(of('gateway').map(pssOf))).reduce((sum, size) => sum + size, 0)
    return { processor, api, readers: family - api, gateway }
  }
  const before = await measure()
  const since = await runScript(stack, longScript, 2)
  const most = { ...before }
  const over = new AbortController()
  const watching = (async () => {
    while (!over.signal.aborted) {
      const now = await measure()
      most.processor = Math.max(most.processor, now.processor)
      most.api = Math.max(most.api, now.api)
      most.readers = Math.max(most.readers, now.readers)
      most.gateway = Math.max(most.gateway, now.gateway)
      await wait(200)
    }
  })()
  const following = Promise.all(Array.from({ length: followers }, () => followToEnd(stack, since + 1, () => undefined)))
  await untilCompleted(stack, since, 1, { everyMs: 500, withinMs: 240_000 })
  await following
  over.abort()
  await watching
  const note = `a log of 2 GB, ${followers} followers; beyond before`
  return [
    { name: 'log-2gb-process', value: most.processor - before.processor, unit: 'MiB', note },
    { name: 'log-2gb-api', value: most.api - before.api, unit: 'MiB', note },
    { name: 'log-2gb-readers', value: most.readers - before.readers, unit: 'MiB', note: `${note}, started by then` },
    { name: 'log-2gb-gateway', value: most.gateway - before.gateway, unit: 'MiB', note },
    {
      name: 'log-2gb-service',
      value: most.processor + most.api - before.processor - before.api,
      unit: 'MiB',
      target: 50,
      note: 'process and api',
    },
  ]
}
