import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { startStack, type Stack, type StackOptions } from '../a-stack/start-stack.ts'

/**
 * The whole life of a program here: starts a stack, does the work, takes the stack down whatever happens, also when interrupted, and
 * ends with 0 only where nothing was found wrong.
 * @param work gives what is wrong, in words
 */
export const withAStack = async (
  options: Omit<StackOptions, 'of' | 'signal'>,
  work: (stack: Stack) => Promise<readonly string[]>,
): Promise<never> => {
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))
  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener('abort', () => reject(new Error('it was interrupted')))
  })
  stopped.catch(() => undefined)

  console.log('starting a stack of its own ...')
  const stack = await startStack({ ...options, of: 'load', signal: stopping.signal })
  const wrong: string[] = []
  try {
    wrong.push(...(await Promise.race([work(stack), stopped])))
  } catch (fault) {
    wrong.push(fault instanceof Error ? (fault.stack ?? fault.message) : String(fault))
  }
  const logs = process.env['KEEP_LOGS']
  if (logs) await cp(join(stack.stateDirectory, 'logs'), logs, { recursive: true })
  for (const { pid, command } of await stack.end()) wrong.push(`left after make down: ${pid} ${command.slice(0, 150)}`)
  console.log(wrong.length === 0 ? '\nAll is well.' : `\n${wrong.map((text) => `WRONG: ${text}`).join('\n')}`)
  process.exit(wrong.length === 0 ? 0 : 1)
}
