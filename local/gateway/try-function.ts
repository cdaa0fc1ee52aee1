import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway, type Gateway, type GatewayOptions } from './gateway.ts'

/** For tests: a gateway with functions of no dependencies that do what a test asks of them. */
export type TriedGateway = {
  readonly gateway: Gateway
  readonly url: string
  readonly directory: string
  readonly restart: () => Promise<TriedGateway>
  readonly authorization: string
  readonly writeSecret: (name: string, value: string) => void
  /** Calls as the operator, with credentials. */
  readonly system: (method: string, path: string, body?: unknown) => Promise<Response>
  /** Deploys the function and waits until it is ready. */
  readonly deploy: (service: string, more?: object) => Promise<void>
  readonly end: () => Promise<void>
}

const credentials = { user: 'admin', password: 'secret' }

export async function tryGateway(functionNames: readonly string[], more: Partial<GatewayOptions> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'gateway test '))
  for (const name of functionNames) writeFunction(directory, name)
  return await open(directory, more)
}

export function writeFunction(directory: string, name: string, code = functionCode): void {
  mkdirSync(join(directory, 'dist', name), { recursive: true })
  writeFileSync(join(directory, 'dist', name, 'main.mjs'), code)
}

async function open(directory: string, more: Partial<GatewayOptions>): Promise<TriedGateway> {
  const gateway = await startGateway({
    port: 0,
    metricsPort: 0,
    stateDirectory: join(directory, 'state'),
    bundles: join(directory, 'dist'),
    credentials,
    backOff: () => 10,
    probeTiming: { startingMs: 20, intervalMs: 50 },
    ...more,
  })
  const url = `http://127.0.0.1:${gateway.port}`
  const authorization = `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`
  const system = (method: string, path: string, body?: unknown) =>
    fetch(url + path, {
      method,
      headers: { authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  return {
    gateway,
    url,
    directory,
    authorization,
    writeSecret: (name, value) => writeFileSync(join(directory, 'state', 'secrets', name), value),
    system,
    deploy: async (service, rest = {}) => {
      const answer = await system('POST', '/system/functions', { service, image: `${service}:latest`, ...rest })
      if (answer.status !== 202) throw new Error(`${answer.status} ${await answer.text()}`)
      for (;;) {
        const status = await (await system('GET', '/local/status')).text()
        if (status.includes(`"name":"${service}"`) && !status.includes('"isSettled":false')) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    restart: async () => {
      await gateway.stop()
      return await open(directory, more)
    },
    end: async () => {
      await gateway.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const functionCode = `
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
let held = 0
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://x')
  if (pathname === '/_/ready') return response.writeHead(existsSync('unready') ? 503 : 200).end()
  if (pathname === '/_/health') return response.end()
  held += 1
  response.on('close', () => (held -= 1))
  switch (pathname) {
    case '/stream':
      response.writeHead(200, { 'content-type': 'text/plain' })
      response.flushHeaders()
      return request.pipe(response)
    case '/never':
      response.on('close', () => console.log('the caller has gone'))
      return console.log('never begins')
    case '/soon':
      return setTimeout(() => response.end('soon'), 300)
    case '/half':
      response.writeHead(200, { 'content-length': 10 })
      response.write('half')
      return setTimeout(() => process.exit(3), 50)
    case '/die':
      return process.exit(3)
    case '/hang':
      response.end()
      for (;;) {}
    case '/secret':
      return response.end(readFileSync(process.env.secret_mount_path + '/word', 'utf8'))
    case '/environment':
      return response.end(JSON.stringify(process.env))
    case '/moved':
      return response.writeHead(302, { location: '/elsewhere', 'set-cookie': ['a=1', 'b=2'] }).end()
  }
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    const { method, url, headers } = request
    if (headers['x-connector']) {
      const [connector, topic] = [headers['x-connector'], headers['x-topic']]
      console.log('called', method, url, 'by', connector, 'for', topic, 'with', headers['content-length'], 'bytes')
    }
    response.setHeader('content-type', 'application/json')
    response.setHeader('x-version', process.env.VERSION ?? '')
    response.end(JSON.stringify({ method, url, headers, pid: process.pid, body: Buffer.concat(chunks).toString() }))
  })
})
server.listen(Number(process.env.port), '127.0.0.1')
console.log('one line')
console.error('another line')
const stop = () => server.close(() => process.exit(0))
process.on('SIGTERM', () => { server.closeIdleConnections(); stop() })
process.stdin.resume().on('end', () => process.exit(0))
`
