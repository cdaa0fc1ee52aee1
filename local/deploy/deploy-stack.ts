import { setTimeout as delay } from 'node:timers/promises'
import type { Deployment } from '../gateway/functions/deployment.ts'
import { GatewayFault, type GatewayClient } from './gateway-client.ts'

/** Deploys as `faas-cli` does: PUT, and POST where the function is not there yet. */
export async function deployFunctions(client: GatewayClient, functions: readonly Partial<Deployment>[]): Promise<void> {
  for (const deployment of functions) {
    const updated = await client.send('PUT', '/system/functions', deployment)
    const answer = updated.status === 404 ? await client.send('POST', '/system/functions', deployment) : updated
    if (answer.status !== 202 && answer.status !== 200) {
      throw new GatewayFault(`The function ${deployment.service} cannot be deployed: ${answer.text}.`)
    }
  }
}

export async function removeFunctions(client: GatewayClient, names: readonly string[]): Promise<void> {
  for (const functionName of names) await client.send('DELETE', '/system/functions', { functionName })
}

/**
 * Waits until these are ready: every replica of a function, in its newest version, and every companion. Old versions
 * that finish what they hold keep nobody waiting.
 * @throws {GatewayFault} naming those that are not
 */
export async function waitUntilReady(client: GatewayClient, names: readonly string[], withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const { functions, companions } = await client.status()
    const settled = functions.filter(({ isSettled }) => isSettled).map(({ name }) => name)
    const ready = new Set([...settled, ...companions.filter(({ isReady }) => isReady).map(({ name }) => name)])
    const waiting = names.filter((name) => !ready.has(name))
    if (waiting.length === 0) return
    if (Date.now() > deadline) {
      const advice = waiting.map((name) => `make logs F=${name}`).join(', ')
      throw new GatewayFault(`Not ready after ${withinMs / 1000} s: ${waiting.join(', ')}. See: ${advice}.`)
    }
    await delay(50)
  }
}
