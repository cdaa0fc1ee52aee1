import { spawn, type ChildProcess } from 'node:child_process'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { findProgram } from '../../processes/find-program.ts'
import { letGoOfOutput, sendToGroup } from '../../supervision/process-group.ts'
import { splitLines } from '../../supervision/split-lines.ts'
import { callEnvironment } from './call-environment.ts'
import { holdAnswer } from './held-answer.ts'
import { locateProgram } from './locate-program.ts'
import { parseFprocess } from './parse-fprocess.ts'
import type { WatchdogSettings } from './watchdog-settings.ts'
import { whyCut } from './why-cut.ts'

/** So much of an answer is kept until the program has ended, since only then the status is known. */
const largestHeldBytes = 1024 * 1024

/** Has the kernel end the program when the watchdog dies without a word. */
const setpriv = findProgram('setpriv')

/**
 * One call, one process: the body is its standard input, its standard output the answer, and its end the status. When the
 * caller goes, the process goes with all that it started.
 */
export function forkForCall(request: IncomingMessage, response: ServerResponse, settings: WatchdogSettings): void {
  const began = performance.now()
  const gatewayBeganMs = Number(request.headers['x-start-time'] ?? Date.now() * 1e6) / 1e6
  const seconds = () => (performance.now() - began) / 1000
  const say = (text: string) => console.log(`${text} - Duration: ${seconds().toFixed(6)}s`)
  const refuse = (text: string) => {
    console.log(text)
    response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
    request.resume()
  }

  const { secretsFolder: secrets, codeFolder: code } = settings
  const { program, args } = parseFprocess(settings.fprocess, { secrets, code, node: process.execPath })
  const path = locateProgram(program, process.cwd(), settings.environment['PATH'] ?? '')
  if (path === undefined) {
    return refuse(`The program "${program}" of fprocess is not on this machine: not in ${process.cwd()}, not on PATH.`)
  }
  console.log('Forking fprocess.')
  const child = start(path, args, environmentOf(request, settings))
  const contentType = settings.contentType ?? request.headers['content-type'] ?? 'text/plain; charset=utf-8'
  const answer = holdAnswer(response, { 'Content-Type': contentType }, settings.isStreaming ? 0 : largestHeldBytes)
  if (child.stdout !== null) answer.take(child.stdout)
  if (child.stderr !== null) {
    if (settings.combinesOutput) answer.take(child.stderr)
    else tell(child.stderr)
  }
  feed(child, request)

  let failure: string | undefined
  child.once('error', (error) => (failure = error.message))
  child.once('exit', () => letGoOfOutput(child))
  response.once('close', () => {
    if (response.writableFinished || child.pid === undefined || child.exitCode !== null) return
    sendToGroup(child.pid, 'SIGKILL')
    // Nobody reads any more: what it printed must not keep its pipes full.
    child.stdout?.resume()
    child.stderr?.resume()
  })

  child.once('close', (code, signal) => {
    if (response.destroyed) {
      const { execTimeoutMs } = settings
      return say(`Killed fprocess: ${whyCut({ gatewayBeganMs, endedMs: Date.now(), execTimeoutMs })}`)
    }
    if (code === 0 && failure === undefined) {
      answer.end()
      return say(`Wrote ${answer.sizeBytes()} Bytes`)
    }
    const how = failure ?? (code === null ? `signal: ${signal}` : `exit status ${code}`)
    if (answer.hasBegun()) {
      response.destroy()
      return say(`fprocess failed: ${how}; its answer had begun and is broken off`)
    }
    say(`fprocess failed: ${how}`)
    response.writeHead(500, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(Buffer.concat([Buffer.from(`${how}\n`), answer.held()]))
  })
}

function start(path: string, args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const options = { env, detached: true, stdio: 'pipe' } as const
  if (setpriv === undefined) return spawn(path, args, options)
  return spawn(setpriv, ['--pdeathsig', 'KILL', '--', path, ...args], options)
}

function environmentOf(request: IncomingMessage, settings: WatchdogSettings): NodeJS.ProcessEnv {
  if (!settings.hasCgiHeaders) return settings.environment
  const { method = '', url = '', headersDistinct } = request
  return { ...settings.environment, ...callEnvironment({ method, url, headers: headersDistinct }) }
}

/** It need not read all, or anything: the rest is read away, so that the connection can go on. */
function feed(child: ChildProcess, request: IncomingMessage): void {
  if (child.stdin === null) return
  child.stdin.on('error', () => undefined)
  child.stdin.on('close', () => {
    request.unpipe()
    request.resume()
  })
  request.pipe(child.stdin)
}

function tell(errors: NodeJS.ReadableStream): void {
  const lines = splitLines((texts) => {
    for (const text of texts) console.error(`stderr: ${text}`)
  })
  errors.on('data', (chunk: Buffer) => lines.write(chunk)).on('end', () => lines.end())
}
