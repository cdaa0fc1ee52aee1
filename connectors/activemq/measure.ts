import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the connector counts. */
export type Measures = {
  readonly settled: (topic: string, fate: 'acknowledged' | 'dead-lettered' | 'returned') => void
  readonly delivered: (topic: string, functionName: string, result: string) => void
  readonly answered: (functionName: string, what: string, seconds: number) => void
  readonly inHand: (topic: string, change: 1 | -1) => void
  readonly calling: (topic: string, functionName: string, change: 1 | -1) => void
  readonly holding: (topic: string, functionName: string, change: 1 | -1) => void
  readonly places: (topic: string, count: number) => void
  readonly polled: (isWell: boolean) => void
}

/** What is asked when somebody reads the measurements. */
export type Measured = {
  readonly isBrokerConnected: () => boolean
  readonly brokerConnections: () => number
  readonly isListening: () => ReadonlyMap<string, boolean>
}

export const measureIn = (registry: Registry, measured: Measured): Measures => {
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> =>
    new Counter({ name: `activemq_connector_${name}`, help, labelNames, registers })
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[]): Gauge<Label> =>
    new Gauge({ name: `activemq_connector_${name}`, help, labelNames, registers })

  const messages = counter('messages_total', 'Messages by what became of them.', ['topic', 'fate'])
  const deliveries = counter('deliveries_total', 'Messages taken to a function, by how that ended.', [
    'topic',
    'function',
    'result',
  ])
  const holds = counter('holds_total', 'Times a call was put off, the function being busy, away or out of reach.', [
    'topic',
    'function',
  ])
  const answers = new Histogram({
    name: 'activemq_connector_invocation_seconds',
    help: 'Time until a function answered, by its status, or by "cut" or "unreached".',
    labelNames: ['function', 'answer'],
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3_600],
    registers,
  })
  const inHand = gauge('messages_in_hand', 'Messages taken and not yet settled.', ['topic'])
  const calls = gauge('calls_in_flight', 'Calls under way.', ['topic', 'function'])
  const held = gauge('messages_held', 'Messages waiting for a function that is busy, away or out of reach.', [
    'topic',
    'function',
  ])
  const places = gauge('places', 'How many messages may be in hand at once.', ['topic'])
  const polls = counter('polls_total', 'Questions to the gateway for its functions.', ['outcome'])
  new Gauge({
    name: 'activemq_connector_broker_connected',
    help: '1 while connected to the broker.',
    registers,
    collect() {
      this.set(measured.isBrokerConnected() ? 1 : 0)
    },
  })
  new Counter({
    name: 'activemq_connector_broker_reconnects_total',
    help: 'Connections to the broker after the first.',
    registers,
    collect() {
      this.reset()
      this.inc(Math.max(0, measured.brokerConnections() - 1))
    },
  })
  new Gauge({
    name: 'activemq_connector_topic_listening',
    help: '1 while the broker lets us read the queue, 0 while it is away or refuses.',
    labelNames: ['topic'],
    registers,
    collect() {
      this.reset()
      for (const [topic, isListening] of measured.isListening()) this.set({ topic }, isListening ? 1 : 0)
    },
  })

  return {
    settled: (topic, fate) => messages.inc({ topic, fate }),
    delivered: (topic, functionName, result) => deliveries.inc({ topic, function: functionName, result }),
    answered: (functionName, answer, seconds) => answers.observe({ function: functionName, answer }, seconds),
    inHand: (topic, change) => inHand.inc({ topic }, change),
    calling: (topic, functionName, change) => calls.inc({ topic, function: functionName }, change),
    holding(topic, functionName, change) {
      held.inc({ topic, function: functionName }, change)
      if (change === 1) holds.inc({ topic, function: functionName })
    },
    places: (topic, count) => (count > 0 ? places.set({ topic }, count) : places.remove({ topic })),
    polled: (isWell) => polls.inc({ outcome: isWell ? 'listed' : 'failed' }),
  }
}
