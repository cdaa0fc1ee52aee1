import { dataReadyQueue, dataReadySchema, type DataReady } from '#contracts/data-ready.ts'
import type { Broker } from './broker.ts'

/** As long as it takes until dispatch has rung again, three times over; then nobody needs to hear it. */
const expiresInMs = 30_000

/**
 * Rings one bell for each reduction named, all at once.
 * @param queue another than the usual one, for tests that share a broker
 * @throws {BrokerUnavailable} when any of them was not confirmed; the others may have been
 */
export const ringDataReady = async (
  broker: Broker,
  bells: readonly DataReady[],
  queue: string = dataReadyQueue,
): Promise<void> => {
  const bodies = bells.map((bell) => JSON.stringify(dataReadySchema.parse(bell)))
  const headers = { 'content-type': 'application/json' }
  await Promise.all(bodies.map((body) => broker.send(queue, body, { expiresInMs, headers })))
}
