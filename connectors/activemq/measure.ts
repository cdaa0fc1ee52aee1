import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What the connector counts. */
export type Measures = {
  readonly settled: (topic: string, fate: 'acknowledged' | 'dead-lettered' | 'returned') => void
  readonly answered: (functionName: string, what: string, seconds: number) => void
  readonly inHand: (topic: string, change: 1 | -1) => void
  readonly held: (topic: string, change: 1 | -1) => void
  readonly places: (topic: string, count: number) => void
  readonly polled: (isWell: boolean) => void
}

export const measureIn = (registry: Registry, isBrokerConnected: () => boolean): Measures => {
  const registers = [registry]
  const messages = new Counter({
    name: 'activemq_connector_messages_total',
    help: 'Messages by what became of them.',
    labelNames: ['topic', 'fate'],
    registers,
  })
  const answers = new Histogram({
    name: 'activemq_connector_invocation_seconds',
    help: 'Time until a function answered, by its status, or by "cut" or "unreached".',
    labelNames: ['function', 'answer'],
    buckets: [0.01, 0.1, 1, 10, 60, 600, 3_600],
    registers,
  })
  const gauge = (name: string, help: string): Gauge<'topic'> =>
    new Gauge({ name: `activemq_connector_${name}`, help, labelNames: ['topic'], registers })
  const inHand = gauge('messages_in_hand', 'Messages taken and not yet settled.')
  const held = gauge('messages_held', 'Of those in hand, calls waiting for a function that is busy or away.')
  const places = gauge('places', 'How many messages may be in hand at once.')
  const polls = new Counter({
    name: 'activemq_connector_polls_total',
    help: 'Questions to the gateway for its functions.',
    labelNames: ['outcome'],
    registers,
  })
  new Gauge({
    name: 'activemq_connector_broker_connected',
    help: '1 while connected to the broker.',
    registers,
    collect() {
      this.set(isBrokerConnected() ? 1 : 0)
    },
  })
  return {
    settled: (topic, fate) => messages.inc({ topic, fate }),
    answered: (functionName, answer, seconds) => answers.observe({ function: functionName, answer }, seconds),
    inHand: (topic, change) => inHand.inc({ topic }, change),
    held: (topic, change) => held.inc({ topic }, change),
    places: (topic, count) => (count > 0 ? places.set({ topic }, count) : places.remove({ topic })),
    polled: (isWell) => polls.inc({ outcome: isWell ? 'listed' : 'failed' }),
  }
}
