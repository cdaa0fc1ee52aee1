import type { Readable } from 'node:stream'
import type { Launch, LaunchedScript } from './launcher.ts'
import { takeFrames, type RunnerChannel } from './runner-channel.ts'
import { runnerEventSchema, runnerReportSchema, type RunnerEvent, type ScriptEnd } from './runner-events.ts'

/** How long the runner may take to end a script before it is ended itself; it tries for five seconds. */
const patienceMs = 7_000
/** What cannot even be killed (it hangs in a disk) is waited for no longer than this. */
const lastPatienceMs = 3_000

/** A runner that waits for its request. */
export type StartedRunner = {
  readonly channel: RunnerChannel
  readonly request: unknown
  /** What the runner itself says, or whoever starts it: for the log, where it cannot run the script. */
  readonly words: readonly Readable[]
  /** Settles when its process has ended; a sentence where it could not be started. Undefined where nobody can tell. */
  readonly exited: Promise<string | undefined>
  /** The last resort. `pid` is what the runner said may be killed. */
  readonly killHard: (pid: number | undefined) => Promise<void>
  /** Called when nothing of it is left. */
  readonly clearUp: () => Promise<void>
}

/** What the runner has told so far. */
type Told = { pid?: number; refused?: string; ended?: ScriptEnd }

/**
 * Starts a runner, gives it its request, and passes on what it tells until nothing of the script is left. Whoever starts it may give up as soon
 * as the signal says that nobody wants it any more.
 */
export const superviseRunner = (
  launch: Launch,
  start: (unwanted: AbortSignal) => Promise<StartedRunner>,
): LaunchedScript => {
  const asked = new AbortController()
  const run = async (): Promise<ScriptEnd> => {
    let runner: StartedRunner
    try {
      runner = await start(asked.signal)
    } catch (cause) {
      return asked.signal.aborted ? endedBefore : { kind: 'not-started', cause: messageOf(cause) }
    }
    try {
      return asked.signal.aborted ? await discard(runner) : await follow(runner, launch, asked.signal)
    } finally {
      await runner.clearUp()
    }
  }
  return { ended: run(), end: () => asked.abort() }
}

/** Asked to end before it had begun. */
const endedBefore: ScriptEnd = {
  kind: 'ended',
  stopped: true,
  exit: null,
  crashedIn: null,
  limit: null,
  endedProcesses: 0,
  survivors: 0,
  cpuSeconds: null,
  peakMemoryBytes: null,
}

const discard = async (runner: StartedRunner): Promise<ScriptEnd> => {
  runner.channel.destroy()
  await runner.killHard(undefined)
  return endedBefore
}

const follow = async (runner: StartedRunner, launch: Launch, stop: AbortSignal): Promise<ScriptEnd> => {
  const { channel } = runner
  const told: Told = {}
  let impatience: NodeJS.Timeout | undefined
  channel.send(runner.request)
  const hangUp = (): void => {
    channel.hangUp()
    impatience = setTimeout(() => {
      void runner.killHard(told.pid)
      impatience = setTimeout(() => channel.destroy(), lastPatienceMs)
    }, patienceMs)
  }
  if (stop.aborted) hangUp()
  else stop.addEventListener('abort', hangUp, { once: true })

  const words = Promise.all(runner.words.map((stream) => passOn(stream, launch)))
  await channel.read(
    takeFrames({
      log: launch.onLog,
      event: (event) => {
        const known = runnerEventSchema.safeParse(event)
        if (known.success) take(known.data, told, launch)
      },
    }),
  )
  stop.removeEventListener('abort', hangUp)
  clearTimeout(impatience)
  channel.destroy()
  if (told.ended?.kind !== 'ended' || told.ended.survivors > 0) await runner.killHard(told.pid)
  const failure = await runner.exited
  await words
  if (failure !== undefined) return { kind: 'not-started', cause: failure }
  if (told.refused !== undefined) return { kind: 'not-started', cause: told.refused }
  if (told.ended) return told.ended
  if (told.pid !== undefined) return { kind: 'runner-lost' }
  return { kind: 'not-started', cause: 'its last words are in the log' }
}

export const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const passOn = async (stream: Readable, launch: Launch): Promise<void> => {
  try {
    for await (const bytes of stream) if (bytes instanceof Buffer) await launch.onLog(bytes)
  } catch {
    // Cut off with its process.
  }
}

const take = (event: RunnerEvent, told: Told, launch: Launch): void => {
  switch (event.event) {
    case 'started':
      told.pid = event.pid
      return
    case 'refused':
      told.refused = event.cause
      return
    case 'report': {
      const report = runnerReportSchema.safeParse(event.report)
      if (report.success) launch.onReport(report.data)
      return
    }
    case 'ended': {
      const { stopped, limit, exit, crashedIn, endedProcesses, survivors, cpuSeconds, peakMemoryBytes } = event
      told.ended = {
        kind: 'ended',
        ...{ stopped, limit, exit, crashedIn, endedProcesses, survivors, cpuSeconds, peakMemoryBytes },
      }
    }
  }
}
