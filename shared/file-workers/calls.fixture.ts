import { existsSync } from 'node:fs'
import { appendFile, open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { serveCalls } from './serve-calls.ts'

/** Waits for a gate, a file that the test makes; says where it got to in `told`. */
type Gated = { readonly gate: string; readonly told: string }

const waitFor = async ({ gate, told }: Gated, step: () => void): Promise<{ pid: number }> => {
  await appendFile(told, `${process.pid}\n`)
  while (!existsSync(gate)) {
    await wait(20)
    step()
  }
  return { pid: process.pid }
}

serveCalls({
  pid: () => Promise.resolve({ pid: process.pid }),
  silently: (input: Gated) => waitFor(input, () => undefined),
  withProgress: (input: Gated, context) => waitFor(input, context.progress),
  longStep: (input: Gated & { readonly allowMs: number }, context) => {
    context.progress(input.allowMs)
    return waitFor(input, () => undefined)
  },
  /** A named pipe that nobody writes: a thread of this process is stuck, as on a drive that hangs. */
  hang: async (input: { readonly pipe: string }) => open(input.pipe, 'r'),
  breaks: async ({ told }: Gated) => {
    await appendFile(told, 'begun\n')
    process.exit(1)
  },
})
