import { runToEnd } from '../processes/run-to-end.ts'
import { findProgram } from '../processes/find-program.ts'

export type Python = { readonly interpreter: string; readonly version: string }

const oldestMinor = 9

/** A Python of 3.9 or later: the one called `python3` first, then Debian's own, then any other by its version. */
export async function findPython(): Promise<Python | undefined> {
  const named = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9'].map((name) =>
    findProgram(name),
  )
  const [first, ...others] = named
  for (const path of [first, '/usr/bin/python3', ...others]) {
    const python = path === undefined ? undefined : await inspect(path)
    if (python !== undefined) return python
  }
  return undefined
}

async function inspect(path: string): Promise<Python | undefined> {
  const asked = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'
  try {
    const answer = await runToEnd(path, ['-I', '-c', asked], { signal: AbortSignal.timeout(30_000) })
    const [interpreter = path, version = ''] = answer.trim().split('\n')
    const [major, minor] = version.split('.').map(Number)
    return major === 3 && minor !== undefined && minor >= oldestMinor ? { interpreter, version } : undefined
  } catch {
    return undefined
  }
}
