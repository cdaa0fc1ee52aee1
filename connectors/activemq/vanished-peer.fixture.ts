import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { invokeFunction } from './invoke-function.ts'

/**
 * Run in a network namespace of its own: calls a gateway there, takes the network away while the call is under way, without any word to either
 * side, and prints what became of the call.
 */
const [ip = 'ip', keepAliveMs = '1000'] = process.argv.slice(2)
const setLoopback = (state: 'up' | 'down'): void => void execFileSync(ip, ['link', 'set', 'lo', state])

setLoopback('up')
const gateway = createServer((request) => request.resume().on('end', () => setLoopback('down')))
await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
const { event, seconds } = await invokeFunction({
  gatewayUrl: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
  functionName: 'process.openfaas-fn',
  topic: 'DataReady',
  body: '{}',
  contentType: 'application/json',
  messageId: 'ID:1',
  timeoutMs: 3_600_000,
  keepAliveMs: Number(keepAliveMs),
  signal: new AbortController().signal,
})
console.log(JSON.stringify({ event, seconds }))
process.exit(0)
