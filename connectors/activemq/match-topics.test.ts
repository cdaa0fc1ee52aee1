import fc from 'fast-check'
import { expect, test } from 'vitest'
import { functionStatusSchema, type FunctionStatus } from './function-status.ts'
import { matchTopics, refuseTopics } from './match-topics.ts'

const status = (name: string, topic: string | undefined, more: object = {}): FunctionStatus =>
  functionStatusSchema.parse({
    name,
    namespace: 'openfaas-fn',
    availableReplicas: 1,
    annotations: topic === undefined ? {} : { topic },
    ...more,
  })
const every = { topics: [], topicDelimiter: ',' }

test('Each topic that a function names is a queue, but not the cron connector’s', () => {
  const functions = [
    status('detect', 'cron-function'),
    status('process', 'DataReady', { availableReplicas: 2, envVars: { max_inflight: '3' } }),
    status('web', undefined),
    status('mail', ' Orders, cron-function ,DataReady'),
  ]
  expect(matchTopics(functions, every)).toEqual([
    { topic: 'DataReady', functions: ['mail.openfaas-fn', 'process.openfaas-fn'], prefetch: 7 },
    { topic: 'Orders', functions: ['mail.openfaas-fn'], prefetch: 1 },
  ])
})

test('Where topics are given, only those are listened to, and only if a function does', () => {
  const functions = [status('a', 'one,two'), status('b', 'three')]
  expect(matchTopics(functions, { ...every, topics: ['two', 'four'] })).toEqual([
    { topic: 'two', functions: ['a.openfaas-fn'], prefetch: 1 },
  ])
})

test('The delimiter is a setting; without one the annotation is one topic', () => {
  const functions = [status('a', 'one;two')]
  const topics = (topicDelimiter: string): string[] =>
    matchTopics(functions, { topics: [], topicDelimiter }).map((route) => route.topic)
  expect(topics(';')).toEqual(['one', 'two'])
  expect(topics(',')).toEqual(['one;two'])
  expect(topics('')).toEqual(['one;two'])
})

test('Of two functions with one name in two namespaces both are called', () => {
  const functions = [status('a', 'one'), status('a', 'one', { namespace: 'staging' })]
  expect(matchTopics(functions, every)[0]?.functions).toEqual(['a.openfaas-fn', 'a.staging'])
})

test('The order in which the gateway lists functions makes no difference', () => {
  const some = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z]{1,3}$/), fc.stringMatching(/^[A-C,]{0,5}$/)), {
    selector: ([name]) => name,
  })
  const shuffled = some.chain((given) =>
    fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length })),
  )
  fc.assert(
    fc.property(shuffled, ([one, other]) => {
      const routes = (given: readonly (readonly [string, string])[]) =>
        matchTopics(
          given.map(([name, topic]) => status(name, topic)),
          every,
        )
      expect(routes(one)).toEqual(routes(other))
    }),
  )
})

test('What ActiveMQ would take for more than one queue, or for settings, is left alone and told', () => {
  const functions = [
    status('greedy', '>,Orders.*'),
    status('mail', 'Orders,queue://Other'),
    status('odd', 'Orders?consumer.exclusive=true'),
    status('good', 'Orders.New, two words ,DLQ.Orders'),
    status('cron', 'cron-function'),
  ]
  expect(matchTopics(functions, every).map(({ topic, functions: names }) => [topic, names])).toEqual([
    ['DLQ.Orders', ['good.openfaas-fn']],
    ['Orders', ['mail.openfaas-fn']],
    ['Orders.New', ['good.openfaas-fn']],
    ['two words', ['good.openfaas-fn']],
  ])
  expect(refuseTopics(functions, every)).toEqual([
    'greedy.openfaas-fn asks for the topic ">", which is left alone: to ActiveMQ * and > mean many queues',
    'greedy.openfaas-fn asks for the topic "Orders.*", which is left alone: to ActiveMQ * and > mean many queues',
    'mail.openfaas-fn asks for the topic "queue://Other", which is left alone: it begins like an address; the name of a queue is enough',
    'odd.openfaas-fn asks for the topic "Orders?consumer.exclusive=true", which is left alone: to ActiveMQ what follows a ? are options',
  ])
  const whole = { topics: [], topicDelimiter: ';' }
  expect(matchTopics([status('a', 'A,queue://B')], whole)).toEqual([])
  expect(refuseTopics([status('a', 'A,queue://B')], whole)[0]).toContain('a comma means several queues')
  expect(refuseTopics(functions, { ...every, topics: ['Orders'] })).toEqual([])
})
