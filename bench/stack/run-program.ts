import { spawn } from 'node:child_process'

/** Runs a program to its end. @throws with what it said, where it did not end well */
export const runProgram = (
  program: string,
  args: readonly string[],
  options: { readonly directory: string; readonly environment?: NodeJS.ProcessEnv },
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.directory,
      env: options.environment ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (part: Buffer) => (said += part.toString()))
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${args.join(' ')} ended with ${code}:\n${said}`)),
    )
  })
