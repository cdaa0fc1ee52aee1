import { z } from 'zod'

/** What our programs print: ECS JSON. Everything else is shown as it is. */
const ecsSchema = z.looseObject({
  '@timestamp': z.string(),
  'log.level': z.string(),
  message: z.string().default(''),
  error: z.looseObject({ message: z.string().optional(), stack_trace: z.string().optional() }).optional(),
})

const notWorthALook = new Set([
  '@timestamp',
  'log.level',
  'message',
  'error',
  'ecs.version',
  'process',
  'process.pid',
  'host',
  'host.hostname',
  'service',
  'service.name',
])

/** What a terminal would obey rather than show: a path or a message may come from anybody. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g

/** One printed line for a person: time, who, level, message, and the rest of its fields. */
export function readableLine(line: { timestamp: string; instance: string; text: string }): string {
  const shown = (sign: string): string => `\\x${sign.charCodeAt(0).toString(16).padStart(2, '0')}`
  return composed(line).replace(controls, shown)
}

function composed(line: { timestamp: string; instance: string; text: string }): string {
  const ecs = parseEcs(line.text)
  const time = (ecs?.['@timestamp'] ?? line.timestamp).slice(11, 23)
  if (ecs === undefined) return `${time}  ${line.instance}  ${line.text}`
  const level = ecs['log.level'] === 'info' ? '' : `${ecs['log.level'].toUpperCase()} `
  const fields = Object.entries(ecs).filter(([name]) => !notWorthALook.has(name))
  const rest = fields.map(([name, value]) => ` ${name}=${JSON.stringify(value)}`).join('')
  const stack = ecs.error?.stack_trace ?? ecs.error?.message
  const trouble = stack === undefined ? '' : `\n    ${stack.replaceAll('\n', '\n    ')}`
  return `${time}  ${line.instance}  ${level}${ecs.message}${rest}${trouble}`
}

function parseEcs(text: string): z.infer<typeof ecsSchema> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return ecsSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
