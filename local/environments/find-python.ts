import { execFileSync } from 'node:child_process'
import { findProgram } from '../processes/find-program.ts'

export type Python = { readonly interpreter: string; readonly version: string }

const oldestMinor = 9

/** A Python of 3.9 or later: the one called `python3` first, then Debian's own, then any other by its version. */
export function findPython(): Python | undefined {
  const named = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9'].map((name) =>
    findProgram(name),
  )
  const [first, ...others] = named
  return [first, '/usr/bin/python3', ...others].map(inspect).find((python) => python !== undefined)
}

function inspect(path: string | undefined): Python | undefined {
  if (path === undefined) return undefined
  try {
    const asked = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'
    const answer = execFileSync(path, ['-c', asked], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [interpreter = path, version = ''] = answer.trim().split('\n')
    const [major, minor] = version.split('.').map(Number)
    return major === 3 && minor !== undefined && minor >= oldestMinor ? { interpreter, version } : undefined
  } catch {
    return undefined
  }
}
