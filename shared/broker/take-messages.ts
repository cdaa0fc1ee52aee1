import type { Log } from '#function-server/log.ts'
import type { BrokerMessage, SubscribeOptions, Subscription } from './broker.ts'
import { describeMessage, settlingOf } from './message.ts'
import { readContent } from './read-content.ts'
import type { StompConnection } from './stomp-connection.ts'

/** A subscription as its broker sees it: told when there is a connection and when there is none. */
export type Taker = Subscription & {
  readonly connected: (connection: StompConnection) => void
  readonly disconnected: () => void
}

/**
 * One place for one message in hand: a subscription of its own with a prefetch of one. STOMP cannot change a subscription's
 * prefetch, and ending a subscription hands its unsettled messages to somebody else; places come and go singly while the messages in
 * the others stay where they are. A place whose message is not settled when the connection ends listens again only after that, so
 * that no more are in hand after a reconnection than before.
 */
type Place = { state: 'free' | 'reading' | 'in hand'; endSubscription: (() => void) | null }

/** Takes messages from a queue, as many at once as there are places. */
export const takeMessages = (queue: string, options: SubscribeOptions, log: Log): Taker => {
  const places = new Set<Place>()
  const emptied = Promise.withResolvers<void>()
  let wanted = options.prefetch
  let isClosing = false
  let connection: StompConnection | null = null

  const remove = (place: Place): void => {
    place.endSubscription?.()
    places.delete(place)
  }

  const arrange = (): void => {
    for (const place of places) if (places.size > wanted && place.state === 'free') remove(place)
    while (places.size < wanted) places.add({ state: 'free', endSubscription: null })
    for (const place of places)
      if (connection && place.state === 'free' && !place.endSubscription) listen(place, connection)
    if (isClosing && places.size === 0) emptied.resolve()
  }

  const letGo = (place: Place): void => {
    place.state = 'free'
    arrange()
  }

  const hand = async (message: BrokerMessage): Promise<void> => {
    try {
      await options.onMessage(message)
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault)
      log.error({ messaging: { message: { id: message.id } }, error: { message: reason } }, 'taking a message failed')
      await message.deadLetter(`taking it failed: ${reason}`)
    }
  }

  const listen = (place: Place, over: StompConnection): void => {
    place.endSubscription = over.subscribe(
      { destination: `/queue/${queue}`, ack: 'client-individual', 'activemq.prefetchSize': 1 },
      (frame) => {
        place.state = 'reading'
        readContent(frame.body, options.largestBodyBytes ?? 1024 * 1024, (content) => {
          place.state = 'in hand'
          const settling = settlingOf(over, queue, frame.headers, content, () => letGo(place))
          void hand({ ...describeMessage(queue, frame.headers), content, ...settling })
        })
      },
    )
  }

  return {
    setPrefetch(prefetch) {
      if (isClosing) return
      wanted = prefetch
      arrange()
    },
    close() {
      isClosing = true
      wanted = 0
      arrange()
      return emptied.promise
    },
    connected(opened) {
      connection = opened
      arrange()
    },
    disconnected() {
      connection = null
      for (const place of places) {
        place.endSubscription = null
        if (place.state === 'reading') place.state = 'free'
      }
      arrange()
    },
  }
}
