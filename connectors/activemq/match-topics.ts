import { whyNoQueueName } from '#broker/queue-name.ts'
import { fullName, type FunctionStatus } from './function-status.ts'
import { messagesAtOnce } from './messages-at-once.ts'

/** One queue and who listens to it. */
export type Route = {
  readonly topic: string
  /** `NAME.NAMESPACE`, sorted. */
  readonly functions: readonly string[]
  readonly prefetch: number
}

export type TopicChoice = {
  /** None means every topic that a function names. */
  readonly topics: readonly string[]
  readonly topicDelimiter: string
}

/** Belongs to the cron connector. */
const cronTopic = 'cron-function'

const topicsOf = (status: FunctionStatus, { topics, topicDelimiter }: TopicChoice): readonly string[] => {
  const annotation = status.annotations['topic'] ?? ''
  const parts = topicDelimiter === '' ? [annotation] : annotation.split(topicDelimiter)
  const named = new Set(parts.map((part) => part.trim()).filter((part) => part !== '' && part !== cronTopic))
  return [...named].filter((topic) => topics.length === 0 || topics.includes(topic))
}

/** Which queues to take messages from, for whom, and how many at once. A queue that nobody listens to is left alone: its messages wait. */
export const matchTopics = (functions: readonly FunctionStatus[], choice: TopicChoice): readonly Route[] => {
  const listeners = new Map<string, FunctionStatus[]>()
  for (const status of functions) {
    for (const topic of topicsOf(status, choice)) {
      if (whyNoQueueName(topic) !== null) continue
      listeners.set(topic, [...(listeners.get(topic) ?? []), status])
    }
  }
  return [...listeners]
    .map(([topic, statuses]) => ({
      topic,
      functions: statuses.map(fullName).sort(),
      prefetch: messagesAtOnce(statuses),
    }))
    .sort((a, b) => (a.topic < b.topic ? -1 : 1))
}

/**
 * A sentence for each topic that is left alone because to the broker it is no queue of that name: a function that asks for `>` would take the
 * messages of all others.
 */
export const refuseTopics = (functions: readonly FunctionStatus[], choice: TopicChoice): readonly string[] =>
  functions.flatMap((status) =>
    topicsOf(status, choice).flatMap((topic) => {
      const whyNot = whyNoQueueName(topic)
      if (whyNot === null) return []
      return [
        `${fullName(status)} asks for the topic ${JSON.stringify(topic.slice(0, 300))}, which is left alone: ${whyNot}`,
      ]
    }),
  )
