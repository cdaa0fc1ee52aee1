import type { Broker, BrokerMessage, Subscription } from '#broker/broker.ts'
import type { Log } from '#function-server/log.ts'
import type { Route } from './match-topics.ts'

/** The subscriptions as the gateway's functions want them. */
export type Subscriptions = {
  /** Subscribes to what is new, resizes what has changed, ends what nobody listens to any more. */
  readonly follow: (routes: readonly Route[]) => void
  /** Takes nothing more. Messages in hand are settled by who has them. */
  readonly end: () => void
  readonly topics: () => readonly string[]
  readonly listens: (functionName: string, topic: string) => boolean
  /** Whether the broker lets us, by topic. */
  readonly isListening: () => ReadonlyMap<string, boolean>
}

const describe = (route: Route): string =>
  `${route.topic} leads to ${route.functions.join(', ')}, ${route.prefetch} at once`

export const keepSubscriptions = (options: {
  readonly broker: Broker
  readonly largestMessageBytes: number
  readonly deliver: (message: BrokerMessage, functions: readonly string[]) => Promise<void>
  readonly placesChanged: (topic: string, count: number) => void
  readonly log: Log
}): Subscriptions => {
  const kept = new Map<string, { route: Route; readonly subscription: Subscription }>()

  const begin = (route: Route): void => {
    const subscription = options.broker.subscribe(route.topic, {
      prefetch: route.prefetch,
      largestBodyBytes: options.largestMessageBytes,
      onMessage: (message) => options.deliver(message, kept.get(route.topic)?.route.functions ?? route.functions),
    })
    kept.set(route.topic, { route, subscription })
  }

  const leave = (topic: string, subscription: Subscription): void => {
    kept.delete(topic)
    void subscription.close()
    options.placesChanged(topic, 0)
  }

  return {
    follow(routes) {
      for (const route of routes) {
        const known = kept.get(route.topic)
        const description = describe(route)
        if (known && describe(known.route) === description) continue
        if (known) {
          known.route = route
          known.subscription.setPrefetch(route.prefetch)
        } else begin(route)
        options.placesChanged(route.topic, route.prefetch)
        options.log.info({ event: { action: 'route' }, messaging: { destination: { name: route.topic } } }, description)
      }
      const wanted = new Set(routes.map((route) => route.topic))
      for (const [topic, { subscription }] of kept) {
        if (wanted.has(topic)) continue
        leave(topic, subscription)
        options.log.info(
          { event: { action: 'route' }, messaging: { destination: { name: topic } } },
          `${topic} leads nowhere any more`,
        )
      }
    },
    end() {
      for (const [topic, { subscription }] of kept) leave(topic, subscription)
    },
    topics: () => [...kept.keys()],
    listens: (functionName, topic) => kept.get(topic)?.route.functions.includes(functionName) ?? false,
    isListening: () => new Map([...kept].map(([topic, { subscription }]) => [topic, subscription.isListening()])),
  }
}
