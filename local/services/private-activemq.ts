import { join } from 'node:path'
import { existsSync } from 'node:fs'
import { findProgram } from '../processes/find-program.ts'
import { plainEnvironment } from '../processes/start-detached.ts'
import { brokerConfiguration, loggingConfiguration } from './activemq-configuration.ts'
import {
  keptPassword,
  makePrivateFolder,
  ServiceStartFault,
  writePrivateFile,
  type PrivateService,
  type PrivateServiceOptions,
} from './private-service.ts'
import { startPrivateService } from './start-private-service.ts'
import { answersStomp } from './stomp-greeting.ts'

export const activeMqGraceMs = 15_000

/** Debian's package. */
const home = '/usr/share/activemq'

export function isActiveMqInstalled(): boolean {
  return findProgram('java') !== undefined && existsSync(join(home, 'bin', 'activemq.jar'))
}

/**
 * An ActiveMQ of our own that speaks STOMP on loopback, with the user `autoreduction`.
 * @param configure other settings than the usual ones, for tests
 */
export async function startPrivateActiveMq(
  options: PrivateServiceOptions,
  configure = brokerConfiguration,
): Promise<PrivateService> {
  const { directory } = options
  const java = findProgram('java')
  if (java === undefined || !isActiveMqInstalled()) {
    throw new ServiceStartFault('ActiveMQ is not installed (package activemq)')
  }
  makePrivateFolder(directory)
  const [conf, data, tmp] = ['conf', 'data', 'tmp'].map((folder) => join(directory, folder))
  for (const folder of [conf, data, tmp]) if (folder !== undefined) makePrivateFolder(folder)
  const password = keptPassword(directory)
  return await startPrivateService(
    {
      name: 'ActiveMQ',
      graceMs: activeMqGraceMs,
      startWaitMs: 60_000,
      url: (port) => `stomp://autoreduction:${password}@127.0.0.1:${port}`,
      answers: answersStomp,
      prepare: (port) => {
        writePrivateFile(join(directory, 'conf', 'activemq.xml'), configure({ port, password }))
        writePrivateFile(join(directory, 'conf', 'log4j.properties'), loggingConfiguration)
        return Promise.resolve({
          program: java,
          args: javaArguments(directory),
          directory,
          environment: plainEnvironment(),
          logFile: join(directory, 'activemq.log'),
        })
      },
      started: () => undefined,
    },
    options,
  )
}

/** Files are named relative to the working directory: its own path may hold spaces, which these URLs do not survive. */
function javaArguments(directory: string): string[] {
  return [
    '-Xms24m',
    '-Xmx128m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:-UsePerfData',
    '-Djava.io.tmpdir=tmp',
    '-Dlog4j.configuration=file:conf/log4j.properties',
    `-Dactivemq.home=${home}`,
    `-Dactivemq.base=${directory}`,
    `-Dactivemq.conf=${join(directory, 'conf')}`,
    `-Dactivemq.data=${join(directory, 'data')}`,
    '-jar',
    join(home, 'bin', 'activemq.jar'),
    'start',
    'xbean:file:conf/activemq.xml',
  ]
}
