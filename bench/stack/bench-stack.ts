import { gatewayClient } from '../../local/deploy/gateway-client.ts'
import { privateServices } from '../../local/services/stack-services.ts'
import { stateDirectory } from '../../local/state/state-directory.ts'
import { runningGateway } from '../../local/up/launch-gateway.ts'
import { startStack, type Stack } from '../../tests/a-stack/start-stack.ts'
import type { Environment } from '#contracts/environments.ts'
import type { Software } from '#contracts/submission.ts'
import { preparedSoftware } from './prepared-software.ts'

export type StackProcess = { readonly name: string; readonly pid: number; readonly port: number | undefined }

/** The whole stack as `make up` starts it, with state, port, database, broker and archive of its own. */
export type BenchStack = Pick<Stack, 'folder' | 'url' | 'database' | 'archive' | 'python'> & {
  readonly internalKey: string
  /** The default of its scripts, with modules imported ahead. */
  readonly software: Environment
  /** Beside it: the bare Python of `python`. */
  readonly bareSoftware: Software
  /** Without children; a function that has several replicas has several. */
  readonly processes: () => Promise<readonly StackProcess[]>
  readonly services: () => readonly StackProcess[]
  /** @throws naming what could not be ended in order */
  readonly stop: () => Promise<void>
}

export const startBenchStack = async (signal: AbortSignal): Promise<BenchStack> => {
  const software = await preparedSoftware(signal)
  const stack = await startStack({ of: 'bench', watches: 'file', software: [software], signal })
  const state = stateDirectory(stack.stateDirectory)
  const client = gatewayClient(
    Number(new URL(stack.url).port),
    await stack.secret('basic-auth-user'),
    await stack.secret('basic-auth-password'),
  )
  return {
    ...stack,
    software,
    bareSoftware: { name: 'Python', version: stack.pythonVersion },
    internalKey: await stack.secret('internal-key'),
    processes: async () => {
      const status = await client.status()
      const gateway = runningGateway(state)
      const functions = status.functions.flatMap(({ name, instances }) =>
        instances.map(({ pid, port: at }) => ({ name, pid, port: at })),
      )
      const all = [
        { name: 'gateway', pid: gateway?.identity.pid, port: gateway?.port },
        ...functions,
        ...status.companions,
      ]
      return all.flatMap((one) => (one.pid === undefined ? [] : [{ name: one.name, pid: one.pid, port: one.port }]))
    },
    services: () => privateServices(state.services).filter(({ isUp }) => isUp),
    stop: async () => {
      const left = await stack.end()
      if (left.length > 0)
        throw new Error(`still running after make down: ${left.map(({ command }) => command).join(', ')}`)
    },
  }
}
