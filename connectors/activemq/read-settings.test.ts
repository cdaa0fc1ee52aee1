import { expect, test } from 'vitest'
import { readConnectorSettings } from './read-settings.ts'

const gateway_url = 'http://127.0.0.1:8080'

test('The address of the gateway is all that must be given', () => {
  expect(readConnectorSettings({ gateway_url, topics: '' })).toEqual({
    gatewayUrl: 'http://127.0.0.1:8080',
    topics: [],
    namespaces: [],
    topicDelimiter: ',',
    upstreamTimeoutMs: 86_400_000,
    rebuildIntervalMs: 3_000,
    shutdownTimeoutMs: 20_000,
    contentType: null,
    hasBasicAuth: false,
    printsResponse: false,
    printsResponseBody: false,
    largestMessageBytes: 1_048_576,
  })
})

test('Every setting can be given', () => {
  expect(
    readConnectorSettings({
      gateway_url: 'https://faas.example/',
      topics: 'DataReady, Orders,',
      namespaces: 'openfaas-fn,staging',
      topic_delimiter: ';',
      upstream_timeout: '1h',
      rebuild_interval: '500ms',
      shutdown_timeout: '1m',
      content_type: 'application/json',
      basic_auth: 'true',
      print_response: '1',
      print_response_body: 'false',
      max_message_bytes: '1000',
    }),
  ).toEqual({
    gatewayUrl: 'https://faas.example',
    topics: ['DataReady', 'Orders'],
    namespaces: ['openfaas-fn', 'staging'],
    topicDelimiter: ';',
    upstreamTimeoutMs: 3_600_000,
    rebuildIntervalMs: 500,
    shutdownTimeoutMs: 60_000,
    contentType: 'application/json',
    hasBasicAuth: true,
    printsResponse: true,
    printsResponseBody: false,
    largestMessageBytes: 1_000,
  })
})

test.each([
  [{}, 'gateway_url'],
  [{ gateway_url: 'gateway:8080' }, 'gateway_url is wrong: expected the address of the gateway'],
  [{ gateway_url, upstream_timeout: 'never' }, 'upstream_timeout is wrong: expected a duration such as 10s'],
  [{ gateway_url, upstream_timeout: '9999h' }, 'upstream_timeout'],
  [{ gateway_url, rebuild_interval: '0s' }, 'rebuild_interval'],
  [{ gateway_url, basic_auth: 'yes' }, 'basic_auth'],
  [{ gateway_url, max_message_bytes: 'lots' }, 'max_message_bytes is wrong: expected a number of bytes'],
])('%j stops the start with a sentence that names what is wrong', (environment, words) => {
  expect(() => readConnectorSettings(environment)).toThrow(words)
})
