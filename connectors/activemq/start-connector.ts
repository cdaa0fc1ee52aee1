import type { Registry } from 'prom-client'
import { openBroker, type BrokerOptions } from '#broker/open-broker.ts'
import type { BrokerMessage, BrokerStatus } from '#broker/broker.ts'
import { systemClock, type Clock } from '#broker/clock.ts'
import type { Log } from '#function-server/log.ts'
import { deliverMessage, type Delivery } from './deliver-message.ts'
import { invokeFunction } from './invoke-function.ts'
import { keepSubscriptions } from './keep-subscriptions.ts'
import { listFunctions, type GatewayAccess } from './list-functions.ts'
import { matchTopics, refuseTopics } from './match-topics.ts'
import { measureIn } from './measure.ts'
import { openNextList } from './next-list.ts'
import type { ConnectorSettings } from './read-settings.ts'
import { watchFunctions } from './watch-functions.ts'

export type Connector = {
  /** Connected to the broker, or with no queue to listen to; and the gateway has told its functions once. Says nothing about being busy. */
  readonly isReady: () => boolean
  readonly brokerStatus: () => BrokerStatus
  readonly topics: () => readonly string[]
  /** Takes nothing more, gives calls under way their time, then closes. What is not settled by then the broker delivers again. */
  readonly stop: () => Promise<void>
}

/** Carries messages from queues to functions until it is stopped, whatever becomes of broker and gateway meanwhile. */
export const startConnector = (options: {
  readonly settings: ConnectorSettings
  readonly brokerUrl: () => string
  readonly brokerCertificates?: BrokerOptions['certificates']
  readonly credentials: GatewayAccess['credentials']
  readonly registry: Registry
  readonly log: Log
  readonly brokerOptions?: Partial<BrokerOptions>
  readonly clock?: Clock
  readonly random?: () => number
}): Connector => {
  const { settings, log } = options
  const clock = options.clock ?? systemClock
  const random = options.random ?? Math.random
  const stopping = new AbortController()
  const abandoning = new AbortController()
  const underway = new Set<Promise<void>>()
  const nextList = openNextList()
  let refused: readonly string[] = []
  let hasHeard = false

  const broker = openBroker({
    url: options.brokerUrl,
    certificates: options.brokerCertificates,
    log,
    ...options.brokerOptions,
  })
  const measures = measureIn(options.registry, {
    isBrokerConnected: () => broker.status().state === 'connected',
    brokerConnections: broker.connections,
    isListening: () => subscriptions.isListening(),
  })
  const delivery: Delivery = {
    invoke: (functionName, message, body) =>
      invokeFunction({
        gatewayUrl: settings.gatewayUrl,
        functionName,
        topic: message.queue,
        body,
        contentType: settings.contentType ?? message.headers['content-type'] ?? 'text/plain',
        messageId: message.id,
        timeoutMs: settings.upstreamTimeoutMs,
        signal: abandoning.signal,
      }),
    listens: (functionName, queue) => subscriptions.listens(functionName, queue),
    hearAgain: nextList.next,
    printsResponse: settings.printsResponse,
    printsResponseBody: settings.printsResponseBody,
    clock,
    random,
    log,
    measures,
    stopping: stopping.signal,
    abandoning: abandoning.signal,
  }

  const deliver = (message: BrokerMessage, functions: readonly string[]): Promise<void> => {
    const delivering = deliverMessage(message, functions, delivery).finally(() => underway.delete(delivering))
    underway.add(delivering)
    return delivering
  }

  const subscriptions = keepSubscriptions({
    broker,
    largestMessageBytes: settings.largestMessageBytes,
    deliver,
    placesChanged: measures.places,
    log,
  })

  const tellRefused = (sentences: readonly string[]): void => {
    for (const sentence of sentences) {
      if (!refused.includes(sentence)) log.warn({ event: { action: 'route' } }, sentence)
    }
    refused = sentences
  }

  const access = { gatewayUrl: settings.gatewayUrl, credentials: options.credentials, timeoutMs: 10_000 }
  const watching = watchFunctions({
    list(signal) {
      nextList.begins()
      return listFunctions(access, settings.namespaces, signal)
    },
    intervalMs: settings.rebuildIntervalMs,
    heard(functions) {
      hasHeard = true
      tellRefused(refuseTopics(functions, settings))
      subscriptions.follow(matchTopics(functions, settings))
    },
    polled(isWell) {
      measures.polled(isWell)
      nextList.ended(isWell)
    },
    clock,
    random,
    log,
    signal: stopping.signal,
  })

  return {
    isReady() {
      const { state } = broker.status()
      return hasHeard && (state === 'connected' || state === 'idle')
    },
    brokerStatus: broker.status,
    topics: subscriptions.topics,
    async stop() {
      subscriptions.end()
      stopping.abort()
      nextList.stop()
      const patience = new AbortController()
      await Promise.race([Promise.allSettled(underway), clock.sleep(settings.shutdownTimeoutMs, patience.signal)])
      patience.abort()
      if (underway.size > 0) {
        log.warn({ event: { action: 'stop' } }, `${underway.size} calls were still under way; their messages go back`)
      }
      abandoning.abort()
      await Promise.allSettled(underway)
      await broker.close()
      await watching
    },
  }
}
