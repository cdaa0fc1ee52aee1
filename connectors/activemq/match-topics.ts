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

const topicsOf = (status: FunctionStatus, delimiter: string): Set<string> => {
  const annotation = status.annotations['topic'] ?? ''
  const parts = delimiter === '' ? [annotation] : annotation.split(delimiter)
  return new Set(parts.map((part) => part.trim()).filter((part) => part !== '' && part !== cronTopic))
}

/** Which queues to take messages from, for whom, and how many at once. A queue that nobody listens to is left alone: its messages wait. */
export const matchTopics = (functions: readonly FunctionStatus[], choice: TopicChoice): readonly Route[] => {
  const listeners = new Map<string, FunctionStatus[]>()
  for (const status of functions) {
    for (const topic of topicsOf(status, choice.topicDelimiter)) {
      if (choice.topics.length > 0 && !choice.topics.includes(topic)) continue
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
