import type { Log } from '#function-server/log.ts'
import { delayBeforeAttempt, type BackOff } from './back-off.ts'
import type { BrokerMessage, SubscribeOptions, Subscription } from './broker.ts'
import type { Clock } from './clock.ts'
import { describeMessage, settlingOf } from './message.ts'
import { watchForOutage } from './outage.ts'
import { destinationOf } from './queue-name.ts'
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

/**
 * What the broker says to our listening. One place asks first, so that a queue we may not read is refused once and not by each place; a
 * refusal outlasts the connection.
 */
type Standing = 'unasked' | 'asked' | 'accepted' | 'refused'

const refusalBackOff: BackOff = { firstMs: 5_000, ceilingMs: 60_000, provenAfterMs: 0 }

/**
 * Takes messages from a queue, as many at once as there are places.
 * @throws {TypeError} when it is no name of one queue
 */
export const takeMessages = (
  queue: string,
  options: SubscribeOptions,
  by: { readonly log: Log; readonly clock: Clock; readonly random: () => number },
): Taker => {
  const destination = destinationOf(queue)
  const places = new Set<Place>()
  const emptied = Promise.withResolvers<void>()
  const closing = new AbortController()
  const outage = watchForOutage({ what: `The queue ${queue}`, ...by })
  let wanted = options.prefetch
  let connection: StompConnection | null = null
  let standing: Standing = 'unasked'
  let refusals = 0

  const endSubscription = (place: Place): void => {
    place.endSubscription?.()
    place.endSubscription = null
  }

  const remove = (place: Place): void => {
    endSubscription(place)
    places.delete(place)
  }

  const arrange = (): void => {
    for (const place of places) if (places.size > wanted && place.state === 'free') remove(place)
    while (places.size < wanted) places.add({ state: 'free', endSubscription: null })
    for (const place of places) {
      const mayListen = standing === 'unasked' || standing === 'accepted'
      if (connection && mayListen && place.state === 'free' && !place.endSubscription) listen(place, connection)
    }
    if (closing.signal.aborted && places.size === 0) emptied.resolve()
  }

  const hand = async (message: BrokerMessage): Promise<void> => {
    try {
      await options.onMessage(message)
    } catch (fault) {
      const reason = fault instanceof Error ? fault.message : String(fault)
      by.log.error(
        { messaging: { message: { id: message.id } }, error: { message: reason } },
        'taking a message failed',
      )
      await message.deadLetter(`taking it failed: ${reason}`)
    }
  }

  const accepted = (): void => {
    standing = 'accepted'
    refusals = 0
    outage.over()
    arrange()
  }

  const refused = (place: Place, reason: string): void => {
    place.endSubscription = null
    if (standing === 'refused') return
    standing = 'refused'
    refusals += 1
    outage.failed(reason, true)
    void by.clock.sleep(delayBeforeAttempt(refusals, by.random(), refusalBackOff), closing.signal).then(() => {
      standing = 'unasked'
      arrange()
    })
  }

  const listen = (place: Place, over: StompConnection): void => {
    if (standing === 'unasked') standing = 'asked'
    place.endSubscription = over.subscribe(
      { destination, 'activemq.prefetchSize': 1 },
      {
        accepted,
        refused: (reason) => refused(place, reason),
        message(frame) {
          place.state = 'reading'
          readContent(frame.body, options.largestBodyBytes ?? 1024 * 1024, (content) => {
            place.state = 'in hand'
            const settling = settlingOf(over, queue, frame.headers, content, {
              endSubscription() {
                // After a reconnection the place's subscription is another's, and the broker has the message back already.
                if (over === connection) endSubscription(place)
              },
              letGo() {
                place.state = 'free'
                arrange()
              },
            })
            void hand({ ...describeMessage(queue, frame.headers), content, ...settling })
          })
        },
      },
    )
  }

  return {
    setPrefetch(prefetch) {
      if (closing.signal.aborted) return
      wanted = prefetch
      arrange()
    },
    isListening: () => connection !== null && standing === 'accepted',
    close() {
      closing.abort()
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
      if (standing !== 'refused') standing = 'unasked'
      for (const place of places) {
        place.endSubscription = null
        if (place.state === 'reading') place.state = 'free'
      }
      arrange()
    },
  }
}
