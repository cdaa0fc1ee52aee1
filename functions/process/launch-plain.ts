import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { endMarkedProcesses } from './end-marked-processes.ts'
import type { Launch, LaunchedScript, Launcher } from './launcher.ts'
import { runnerEventSchema, runnerReportSchema, type RunnerEvent, type ScriptEnd } from './runner-events.ts'

/** The Python package beside this module, in the sources and in the bundle alike. */
const runnerProgram = join(import.meta.dirname, 'runner', '__main__.py')

/** How long the runner may take to end a script before it is ended itself; it tries for five seconds. */
const patienceMs = 7_000
/** How long the log may stay open after the runner's end: only a process that slipped away still holds it. */
const lastWordsMs = 5_000

/** Runs a script as an ordinary process group, under the runner's supervisor. No isolation. */
export const plainProcessGroup: Launcher = {
  isolation: 'none (plain process group)',
  launch: (launch) => {
    try {
      const jobFile = join(launch.scratch, 'job.json')
      writeFileSync(jobFile, JSON.stringify(launch.job), { mode: 0o600 })
      const runner = spawn(launch.interpreter, ['-u', runnerProgram, jobFile], {
        cwd: launch.scratch,
        env: { ...launch.environment },
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
      })
      return superviseRunner(runner, launch)
    } catch (cause) {
      return { ended: Promise.resolve({ kind: 'not-started', cause: messageOf(cause) }), end: () => undefined }
    }
  },
}

/** What the runner has told so far. */
type Told = { scriptPid?: number; ended?: ScriptEnd }

const superviseRunner = (runner: ChildProcess, launch: Launch): LaunchedScript => {
  const told: Told = {}
  const streams = [runner.stdout, runner.stderr, runner.stdio[3]].filter((stream) => stream instanceof Readable)
  const [stdout, stderr, events] = streams
  // It may end before it has read that we hung up.
  runner.stdin?.on('error', () => undefined)

  const killHard = async (): Promise<void> => {
    for (const group of [runner.pid, told.scriptPid]) killGroup(group)
    await endMarkedProcesses(launch.marker)
  }

  const finish = async (): Promise<ScriptEnd> => {
    const reading = Promise.all([readLog(stdout, launch), readLog(stderr, launch), readEvents(events, told, launch)])
    const failure = await exitOf(runner)
    if (failure !== undefined) return { kind: 'not-started', cause: failure }
    const lastWords = new AbortController()
    const tooLong = wait(lastWordsMs, undefined, { signal: lastWords.signal }).catch(() => undefined)
    await Promise.race([reading, tooLong])
    lastWords.abort()
    for (const stream of streams) stream.destroy()
    await reading
    if (told.ended?.kind !== 'ended' || told.ended.survivors > 0) await killHard()
    if (told.ended) return told.ended
    if (told.scriptPid !== undefined) return { kind: 'runner-lost' }
    return { kind: 'not-started', cause: 'its last words are in the log' }
  }

  let impatience: NodeJS.Timeout | undefined
  return {
    ended: finish().finally(() => clearTimeout(impatience)),
    end: () => {
      runner.stdin?.destroy()
      impatience ??= setTimeout(() => void killHard(), patienceMs)
    },
  }
}

/** Undefined once it has ended, however it did; a sentence where it could not be started. */
const exitOf = async (runner: ChildProcess): Promise<string | undefined> => {
  try {
    await once(runner, 'exit')
    return undefined
  } catch (cause) {
    return messageOf(cause)
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const readLog = async (stream: Readable | undefined, launch: Launch): Promise<void> => {
  try {
    for await (const bytes of stream ?? []) await launch.onLog(bytes)
  } catch {
    // Cut off by us: a process that slipped away held it open.
  }
}

const readEvents = async (stream: Readable | undefined, told: Told, launch: Launch): Promise<void> => {
  try {
    for await (const line of linesOf(stream ?? [])) {
      const event = runnerEventSchema.safeParse(parseJson(line))
      if (event.success) take(event.data, told, launch)
    }
  } catch {
    // Cut off by us, as the log.
  }
}

const take = (event: RunnerEvent, told: Told, launch: Launch): void => {
  switch (event.event) {
    case 'started':
      told.scriptPid = event.pid
      return
    case 'report': {
      const report = runnerReportSchema.safeParse(event.report)
      if (report.success) launch.onReport(report.data)
      return
    }
    case 'ended': {
      const { stopped, exit, endedProcesses, survivors, cpuSeconds, peakMemoryBytes } = event
      told.ended = { kind: 'ended', stopped, exit, endedProcesses, survivors, cpuSeconds, peakMemoryBytes }
    }
  }
}

/** Lines of any length, without reading one twice. */
async function* linesOf(stream: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<string> {
  let pending: Buffer[] = []
  for await (const bytes of stream) {
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      yield Buffer.concat([...pending, bytes.subarray(from, end)]).toString('utf8')
      pending = []
      from = end + 1
    }
    pending.push(bytes.subarray(from))
  }
}

const parseJson = (line: string): unknown => {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const killGroup = (leader: number | undefined): void => {
  if (leader === undefined) return
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
