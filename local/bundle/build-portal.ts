import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../processes/lock.ts'
import { runToEnd } from '../processes/run-to-end.ts'
import { filesBelow, fingerprintOf, readInputs, writeInputs } from './inputs.ts'

const name = 'portal'

/** Builds the web portal into `dist/web/public`, unless it is there and its sources are what they were. */
export function buildPortal(
  projectDirectory: string,
  dist: string,
  signal?: AbortSignal,
): Promise<'made' | 'unchanged' | 'absent'> {
  return withLock(`portal ${dist}`, { signal }, () => buildIfStale(projectDirectory, dist, signal))
}

async function buildIfStale(
  projectDirectory: string,
  dist: string,
  signal?: AbortSignal,
): Promise<'made' | 'unchanged' | 'absent'> {
  if (!existsSync(join(projectDirectory, 'web', 'vite.config.ts'))) return 'absent'
  const files = ['web', 'shared/contracts', 'shared/domain'].flatMap((folder) => filesBelow(projectDirectory, folder))
  const fingerprint = fingerprintOf(projectDirectory, [...files, 'package-lock.json'])
  const isThere = existsSync(join(dist, 'web', 'public', 'index.html'))
  if (isThere && readInputs(dist, name)?.fingerprint === fingerprint) return 'unchanged'
  const vite = join(projectDirectory, 'node_modules', 'vite', 'bin', 'vite.js')
  await runToEnd(process.execPath, [vite, 'build', '--logLevel', 'error'], {
    directory: join(projectDirectory, 'web'),
    environment: { ...process.env, NODE_ENV: 'production' },
    signal,
  })
  writeInputs(dist, name, files, fingerprint)
  return 'made'
}
