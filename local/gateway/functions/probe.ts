import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

export type ProbeOptions = {
  readonly port: number
  readonly readyPath: string
  readonly healthPath: string
  readonly signal: AbortSignal
  readonly onReady: (isReady: boolean) => void
  /** It has not answered for so long that it must be hanging. */
  readonly onHanging: () => void
  readonly timing?: Partial<ProbeTiming>
}

export type ProbeTiming = {
  readonly startingMs: number
  readonly intervalMs: number
  readonly answerMs: number
  /** Unanswered health questions in a row until a replica counts as hanging. */
  readonly hangingAfter: number
}

const usualTiming: ProbeTiming = { startingMs: 50, intervalMs: 2_000, answerMs: 5_000, hangingAfter: 6 }

/** Asks a replica again and again whether it may be given work, often while it starts, until the signal ends it. */
export async function probe(options: ProbeOptions): Promise<void> {
  const timing = { ...usualTiming, ...options.timing }
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let [hasBeenReady, unanswered] = [false, 0]
  try {
    for (;;) {
      const status = await ask(options, options.readyPath, agent, timing.answerMs)
      if (options.signal.aborted) return
      const isReady = status !== undefined && status >= 200 && status < 300
      hasBeenReady ||= isReady
      options.onReady(isReady)
      if (status !== undefined) unanswered = 0
      else if (hasBeenReady && (await ask(options, options.healthPath, agent, timing.answerMs)) === undefined) {
        unanswered += 1
      }
      if (unanswered >= timing.hangingAfter) {
        unanswered = 0
        options.onHanging()
      }
      await delay(hasBeenReady ? timing.intervalMs : timing.startingMs, undefined, { signal: options.signal })
    }
  } catch (error) {
    if (!options.signal.aborted) throw error
  } finally {
    agent.destroy()
  }
}

/** The status of the answer; undefined where there is none in time. */
function ask(options: ProbeOptions, path: string, agent: Agent, answerMs: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const { port, signal } = options
    const asked = request({ host: '127.0.0.1', port, path, agent, signal, timeout: answerMs }, (answer) => {
      answer.resume()
      answer.on('error', () => undefined)
      resolve(answer.statusCode)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(undefined))
    asked.end()
  })
}
