import { openLosableNetwork, type LosableNetwork } from '../a-stack/losable-network.ts'
import { pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import type { Prepared } from './cause.ts'
import { leaseSeconds } from './faults-stack.ts'
import { someTime, whenAtWork, type Struck } from './strike.ts'

const services = {
  mariadb: { secret: 'database-url', setting: 'DATABASE_URL' },
  activemq: { secret: 'broker-url', setting: 'BROKER_URL' },
} as const

/** Puts a network between this service and all that use it, for something to happen to it. */
export const overNetwork =
  (service: keyof typeof services, happens: (network: LosableNetwork, struck: Struck) => Promise<void>) =>
  async (stack: Stack): Promise<Prepared> => {
    const { secret, setting } = services[service]
    const network = await openLosableNetwork(await stack.secret(secret))
    await stack.up({ [setting]: network.url })
    return {
      strike: async (struck) => {
        await someTime(struck)
        await whenAtWork(struck, service)
        // Without a connection over it, losing it would prove nothing.
        if (network.connections() === 0) throw new Error('nothing uses the network that was to be lost')
        await happens(network, struck)
        struck.expectRecovery(new Date())
      },
      undo: async () => {
        await stack.up()
        await network.close()
      },
    }
  }

/** Nothing arrives for longer than a lease, and nobody is told; then all of it arrives late. */
export const networkLost = async (network: LosableNetwork): Promise<void> => {
  network.lose()
  await pause((leaseSeconds + 5) * 1_000)
  network.find()
}

/** Every connection of this moment is dead for good, and neither end is told; new ones can be made. */
export const connectionsForgotten = (network: LosableNetwork): Promise<void> => {
  network.forget()
  return Promise.resolve()
}
