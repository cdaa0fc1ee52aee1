import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../processes/free-port.ts'
import { findProgram } from '../processes/find-program.ts'
import { runToEnd } from '../processes/run-to-end.ts'
import { brokerConfiguration } from './activemq-configuration.ts'
import { keptPassword, makePrivateFolder, ServiceStartFault, writePrivateFile } from './private-service.ts'
import { answersSql } from './sql-greeting.ts'
import { answersStomp } from './stomp-greeting.ts'

export type ContainerName = 'database' | 'broker'

export type ContainerOptions = {
  readonly servicesDirectory: string
  readonly projectDirectory: string
  readonly signal?: AbortSignal
}

/** Images' own user for services started by root; anybody else's services run as that user, who owns the files. */
const serviceUser =
  process.getuid?.() === 0 ? { uid: 999, gid: 999 } : { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
const [pullMs, startMs] = [300_000, 90_000]

/** Does a Docker engine answer, and quickly, and is Compose there? */
export async function hasDocker(): Promise<boolean> {
  const docker = findProgram('docker')
  if (docker === undefined) return false
  try {
    const signal = AbortSignal.timeout(3_000)
    await runToEnd(docker, ['info', '--format', '{{.ServerVersion}}'], { signal })
    await runToEnd(docker, ['compose', 'version'], { signal })
    return true
  } catch {
    return false
  }
}

/** Starts one service as a container and gives its address. */
export async function startContainer(name: ContainerName, options: ContainerOptions): Promise<string> {
  const folder = join(options.servicesDirectory, `${name}-container`)
  makePrivateFolder(folder)
  makePrivateFolder(join(folder, 'data'))
  const password = keptPassword(folder)
  if (name === 'database') {
    makePrivateFolder(join(folder, 'root'))
    writePrivateFile(join(folder, 'root-password'), keptPassword(join(folder, 'root')))
  } else {
    const address = '0.0.0.0'
    writePrivateFile(join(folder, 'activemq.xml'), brokerConfiguration({ port: 61613, password, address }))
  }
  giveToServiceUser(folder)
  const port = await portOf(folder)
  await compose(options, ['up', '--detach', '--quiet-pull', name], pullMs)
  const user = `autoreduction:${password}@127.0.0.1:${port}`
  const url = name === 'database' ? `mysql://${user}/autoreduction` : `stomp://${user}`
  const answers = name === 'database' ? answersSql : answersStomp
  const deadline = Date.now() + startMs
  while (!(await answers(url))) {
    if (Date.now() > deadline) throw new ServiceStartFault(`the container did not answer within ${startMs / 1000} s`)
    await delay(250, undefined, { signal: options.signal })
  }
  return url
}

export async function stopContainer(name: ContainerName, options: ContainerOptions): Promise<void> {
  await compose(options, ['stop', name], 60_000)
}

async function compose(options: ContainerOptions, args: readonly string[], withinMs: number): Promise<void> {
  const { servicesDirectory, projectDirectory } = options
  const docker = findProgram('docker') ?? 'docker'
  const project = `autoreduction-${createHash('sha256').update(servicesDirectory).digest('hex').slice(0, 8)}`
  const file = join(projectDirectory, 'deploy', 'compose', 'services.yml')
  const environment = {
    ...process.env,
    SERVICES_DIR: servicesDirectory,
    SERVICE_USER: `${serviceUser.uid}:${serviceUser.gid}`,
    DATABASE_PORT: String(keptPort(join(servicesDirectory, 'database-container')) ?? 0),
    BROKER_PORT: String(keptPort(join(servicesDirectory, 'broker-container')) ?? 0),
  }
  const limits = [AbortSignal.timeout(withinMs), ...(options.signal ? [options.signal] : [])]
  const signal = AbortSignal.any(limits)
  await runToEnd(docker, ['compose', '--project-name', project, '--file', file, ...args], { environment, signal })
}

async function portOf(folder: string): Promise<number> {
  const kept = keptPort(folder)
  if (kept !== undefined) return kept
  const port = await freePort()
  writePrivateFile(join(folder, 'port'), String(port))
  return port
}

function keptPort(folder: string): number | undefined {
  const file = join(folder, 'port')
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
}

function giveToServiceUser(folder: string): void {
  if (process.getuid?.() !== 0) return
  for (const path of ['', 'data', 'password', 'root-password', 'activemq.xml'].map((name) => join(folder, name))) {
    if (!existsSync(path)) continue
    chownSync(path, serviceUser.uid, serviceUser.gid)
    chmodSync(path, path.endsWith('password') || path.endsWith('.xml') ? 0o600 : 0o700)
  }
}
