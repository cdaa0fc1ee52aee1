import { z } from 'zod'
import { booleanSetting, readSettings } from '#function-server/settings.ts'
import { parseDuration } from './parse-duration.ts'

/** A longer wait would overflow Node's timers, which then fire at once. */
const longestMs = 24 * 24 * 3_600_000

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== null && ms > 0 && ms <= longestMs) return ms
  context.addIssue({ code: 'custom', message: 'expected a duration such as 10s or 1h30m, up to 576h' })
  return z.NEVER
})

const names = z.string().transform((text) =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== ''),
)

const settingsSchema = z
  .object({
    gateway_url: z.url({ protocol: /^https?$/, error: 'expected the address of the gateway, http://host:port' }),
    topics: names.prefault(''),
    namespaces: names.prefault(''),
    topic_delimiter: z.string().default(','),
    upstream_timeout: duration.prefault('24h'),
    rebuild_interval: duration.prefault('3s'),
    shutdown_timeout: duration.prefault('20s'),
    content_type: z.string().optional(),
    basic_auth: booleanSetting.default(false),
    print_response: booleanSetting.default(false),
    print_response_body: booleanSetting.default(false),
    max_message_bytes: z.coerce
      .number({ error: 'expected a number of bytes' })
      .int()
      .positive()
      .default(1024 * 1024),
  })
  .transform((given) => ({
    gatewayUrl: given.gateway_url.replace(/\/+$/, ''),
    /** Only these queues; none means every topic that a function names. */
    topics: given.topics,
    /** Only these namespaces; none means all that the gateway lists. */
    namespaces: given.namespaces,
    topicDelimiter: given.topic_delimiter,
    upstreamTimeoutMs: given.upstream_timeout,
    rebuildIntervalMs: given.rebuild_interval,
    shutdownTimeoutMs: given.shutdown_timeout,
    contentType: given.content_type ?? null,
    hasBasicAuth: given.basic_auth,
    printsResponse: given.print_response,
    printsResponseBody: given.print_response_body,
    largestMessageBytes: given.max_message_bytes,
  }))

export type ConnectorSettings = z.infer<typeof settingsSchema>

/** @throws {SettingsFault} naming what is wrong and what was expected */
export const readConnectorSettings = (environment?: Readonly<Record<string, string | undefined>>): ConnectorSettings =>
  readSettings(settingsSchema, environment)
