import { openBroker } from './open-broker.ts'

/** Sends one message to the queue named, at `BROKER_URL`, and says how that went. */
const [queue = ''] = process.argv.slice(2)
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const broker = openBroker({ url: process.env['BROKER_URL'] ?? '', log: quiet })
await broker.send(queue, 'x').then(
  () => console.log('sent'),
  (fault: unknown) => console.log(String(fault)),
)
await broker.close()
