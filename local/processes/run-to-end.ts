import { spawn } from 'node:child_process'

/** Thrown where a program we ran did not end well; carries the end of what it printed. */
export class ProgramFault extends Error {
  override readonly name = 'ProgramFault'
}

const keptCharacters = 4_000

export type RunOptions = {
  readonly directory?: string
  readonly environment?: NodeJS.ProcessEnv
  readonly signal?: AbortSignal
}

/** Runs a program to its end and gives what it printed. Its input is empty, so it can ask nothing. */
export function runToEnd(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.directory,
      env: options.environment ?? process.env,
      signal: options.signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [output, all] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      all = (all + text).slice(-keptCharacters)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => (all = (all + text).slice(-keptCharacters)))
    child.once('error', reject)
    child.once('close', (code, signalName) => {
      if (code === 0) return resolve(output)
      const how = code === null ? `was ended by ${signalName}` : `ended with status ${code}`
      reject(new ProgramFault(`${program} ${args.join(' ')} ${how}:\n${all.trim()}`))
    })
  })
}
