import { execFile } from 'node:child_process'
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { findProgram } from '../processes/find-program.ts'
import { plainEnvironment } from '../processes/start-detached.ts'
import {
  keptPassword,
  makePrivateFolder,
  removeIfThere,
  ServiceStartFault,
  writePrivateFile,
  type PrivateService,
  type PrivateServiceOptions,
} from './private-service.ts'
import { answersSql } from './sql-greeting.ts'
import { startPrivateService } from './start-private-service.ts'

export const mariaDbGraceMs = 20_000

export function isMariaDbInstalled(): boolean {
  return ['mariadbd', 'mariadb-install-db', 'my_print_defaults'].every((program) => findProgram(program) !== undefined)
}

/** A MariaDB of our own on loopback, with the database and the user `autoreduction`. */
export async function startPrivateMariaDb(options: PrivateServiceOptions): Promise<PrivateService> {
  const { directory } = options
  const program = findProgram('mariadbd')
  if (program === undefined || !isMariaDbInstalled()) {
    throw new ServiceStartFault('MariaDB is not installed (packages mariadb-server-core and mariadb-client-core)')
  }
  makePrivateFolder(directory)
  const password = keptPassword(directory)
  const firstStatements = join(directory, 'first-statements.sql')
  return await startPrivateService(
    {
      name: 'MariaDB',
      graceMs: mariaDbGraceMs,
      startWaitMs: 60_000,
      url: (port) => `mysql://autoreduction:${password}@127.0.0.1:${port}/autoreduction`,
      answers: answersSql,
      prepare: async (port) => {
        await initialise(directory, options.signal)
        writePrivateFile(firstStatements, grants(password, options.purpose === 'tests' ? '*.*' : undefined))
        const settings = join(directory, 'mariadb.cnf')
        writePrivateFile(settings, settingsFor(port, options.purpose === 'tests'))
        return {
          program,
          args: [
            `--defaults-file=${settings}`,
            `--datadir=${join(directory, 'data')}`,
            `--init-file=${firstStatements}`,
          ],
          directory,
          environment: plainEnvironment(),
          logFile: join(directory, 'mariadb.log'),
        }
      },
      started: () => removeIfThere(firstStatements),
    },
    options,
  )
}

/** Made beside its place and moved there when complete, so that an interrupted one is not taken for whole. */
async function initialise(directory: string, signal?: AbortSignal): Promise<void> {
  const data = join(directory, 'data')
  if (existsSync(data)) return
  const unfinished = join(directory, 'data.unfinished')
  removeIfThere(unfinished)
  await promisify(execFile)(
    findProgram('mariadb-install-db') ?? 'mariadb-install-db',
    [
      '--no-defaults',
      // Relative, since the script trips over a path with a space.
      '--datadir=./data.unfinished',
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
    ],
    { cwd: directory, env: plainEnvironment(), signal },
  )
  renameSync(unfinished, data)
}

/** Run at every start: the same each time, and it repairs what an interrupted first start left undone. */
function grants(password: string, everything: '*.*' | undefined): string {
  const scope = everything ?? '`autoreduction`.*'
  return [
    'CREATE DATABASE IF NOT EXISTS `autoreduction` CHARACTER SET utf8mb4;',
    `CREATE USER IF NOT EXISTS 'autoreduction'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `ALTER USER 'autoreduction'@'127.0.0.1' IDENTIFIED BY '${password}';`,
    `GRANT ALL PRIVILEGES ON ${scope} TO 'autoreduction'@'127.0.0.1';`,
    // Accounts without a password that the installation makes: nobody needs them here.
    "DROP USER IF EXISTS 'root'@'localhost';",
    '',
  ].join('\n')
}

/** No socket file: its path could be longer than the 107 bytes allowed. */
function settingsFor(port: number, isForTests: boolean): string {
  const lines = [
    '[mariadbd]',
    'bind-address=127.0.0.1',
    `port=${port}`,
    'socket=',
    'pid-file=mariadbd.pid',
    'skip-name-resolve',
    'character-set-server=utf8mb4',
    'collation-server=utf8mb4_unicode_ci',
    'default-time-zone=+00:00',
    'sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    'innodb-buffer-pool-size=128M',
    'innodb-log-file-size=48M',
    `innodb-flush-log-at-trx-commit=${isForTests ? 2 : 1}`,
    'performance-schema=OFF',
    'max-connections=300',
    'max-allowed-packet=64M',
    ...(process.getuid?.() === 0 ? ['user=root'] : []),
  ]
  return lines.join('\n') + '\n'
}
