import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { chooseService, type ChosenService, type ServicePossibilities, type ServiceWay } from './choose-service.ts'
import { hasDocker, startContainer, stopContainer, type ContainerName } from './containers.ts'
import { canInstallPackages, installDebianPackages } from './debian-packages.ts'
import { activeMqGraceMs, isActiveMqInstalled, startPrivateActiveMq } from './private-activemq.ts'
import { isMariaDbInstalled, mariaDbGraceMs, startPrivateMariaDb } from './private-mariadb.ts'
import { isRunning, readRecord, stopPrivateService, writePrivateFile } from './private-service.ts'
import { answersSql } from './sql-greeting.ts'
import { answersStomp } from './stomp-greeting.ts'

export type StackServiceOptions = {
  readonly servicesDirectory: string
  readonly projectDirectory: string
  readonly givenUrl: string | undefined
  readonly note: (text: string) => void
  /** What takes long enough to be said. */
  readonly say: (text: string) => void
  readonly signal?: AbortSignal
}

const ways = z.enum(['given', 'container', 'private', 'installed by us'])
const privateFolder = { database: 'mariadb', broker: 'activemq' } as const

export function ensureDatabase(options: StackServiceOptions): Promise<ChosenService> {
  return ensure('database', options, {
    name: 'MariaDB',
    setting: 'DATABASE_URL',
    // Without a service that Debian would start by itself.
    debianPackages: ['mariadb-server-core', 'mariadb-client-core'],
    answers: answersSql,
    isInstalled: isMariaDbInstalled,
    startPrivate: async (directory, signal) => (await startPrivateMariaDb({ directory, signal })).url,
  })
}

export function ensureBroker(options: StackServiceOptions): Promise<ChosenService> {
  return ensure('broker', options, {
    name: 'ActiveMQ',
    setting: 'BROKER_URL',
    debianPackages: ['activemq'],
    answers: answersStomp,
    isInstalled: isActiveMqInstalled,
    startPrivate: async (directory, signal) => (await startPrivateActiveMq({ directory, signal })).url,
  })
}

type Kind = Pick<ServicePossibilities, 'name' | 'setting' | 'debianPackages' | 'answers' | 'isInstalled'> & {
  startPrivate(directory: string, signal?: AbortSignal): Promise<string>
}

async function ensure(which: ContainerName, options: StackServiceOptions, kind: Kind): Promise<ChosenService> {
  const { servicesDirectory, givenUrl, signal, say } = options
  mkdirSync(servicesDirectory, { recursive: true, mode: 0o700 })
  const chosen = await chooseService(
    {
      ...kind,
      givenUrl,
      lastWay: lastWay(servicesDirectory, which),
      hasDocker,
      startContainer: () => startContainer(which, options),
      startPrivate: () => kind.startPrivate(join(servicesDirectory, privateFolder[which]), signal),
      canInstall: canInstallPackages,
      install: async () => {
        say(`installing ${kind.debianPackages.join(' ')}`)
        await installDebianPackages(kind.debianPackages, { signal })
      },
    },
    options.note,
  )
  // A given one holds nothing of ours: it does not change what the next start without the setting finds.
  if (chosen.way !== 'given') writePrivateFile(wayFile(servicesDirectory, which), chosen.way)
  return chosen
}

export type ServiceState = {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly isUp: boolean
}

/** The private instances of this state directory that have been started at some time. */
export function privateServices(servicesDirectory: string): ServiceState[] {
  return Object.values(privateFolder).flatMap((name) => {
    const record = readRecord(join(servicesDirectory, name))
    return record === undefined ? [] : [{ name, pid: record.identity.pid, port: record.port, isUp: isRunning(record) }]
  })
}

/** Ends what this state directory started; services at given addresses are none of our business. */
export async function stopServices(servicesDirectory: string, projectDirectory: string): Promise<void> {
  const options = { servicesDirectory, projectDirectory }
  const containers = (['database', 'broker'] as const).filter(
    (name) => lastWay(servicesDirectory, name) === 'container',
  )
  await Promise.all([
    stopPrivateService(join(servicesDirectory, privateFolder.database), mariaDbGraceMs),
    stopPrivateService(join(servicesDirectory, privateFolder.broker), activeMqGraceMs),
    ...containers.map((name) => stopContainer(name, options)),
  ])
}

function lastWay(servicesDirectory: string, which: ContainerName): ServiceWay | undefined {
  try {
    return ways.parse(readFileSync(wayFile(servicesDirectory, which), 'utf8'))
  } catch {
    return undefined
  }
}

function wayFile(servicesDirectory: string, which: ContainerName): string {
  return join(servicesDirectory, `${which}-way`)
}
