/**
 * Why a text cannot be the name of one queue, or null where it can. ActiveMQ reads more than a name: `A,B` as two destinations, `Orders.*`
 * and `>` as all that match, `A?option=value` as settings of the consumer, and it leaves out spaces at the ends.
 */
export const whyNoQueueName = (text: string): string | null => {
  if (text.trim() === '') return 'it is empty'
  if (text.length > 255) return 'it is longer than 255 characters'
  if (text !== text.trim()) return 'it begins or ends with a space'
  if (/[*>]/.test(text)) return 'to ActiveMQ * and > mean many queues'
  if (text.includes(',')) return 'to ActiveMQ a comma means several queues'
  if (text.includes('?')) return 'to ActiveMQ what follows a ? are options'
  if (text.includes('://')) return 'it begins like an address; the name of a queue is enough'
  if (/[\u0000-\u001f\u007f]/.test(text)) return 'it holds a control character'
  return null
}

/** Never sends to or reads from anything but this one queue. */
export const destinationOf = (queue: string): string => {
  const whyNot = whyNoQueueName(queue)
  if (whyNot !== null) throw new TypeError(`${JSON.stringify(queue)} is no name of a queue: ${whyNot}`)
  return `/queue/${queue}`
}
