import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../processes/lock.ts'
import { runToEnd } from '../processes/run-to-end.ts'
import { installDebianPackages } from '../services/debian-packages.ts'
import { findPython, type Python } from './find-python.ts'

export type PythonEnvironment = { readonly interpreter: string; readonly version: string; readonly isNew: boolean }

export type PythonEnvironmentOptions = {
  readonly stateDirectory: string
  readonly projectDirectory: string
  readonly onWait?: (holder: string) => void
  /** What takes long enough to be said. */
  readonly say?: (text: string) => void
  readonly signal?: AbortSignal
}

/**
 * The venv in which sample scripts and the beam simulator run, made where it is missing or its requirements changed,
 * and the file that tells `process` of it.
 */
export async function ensurePythonEnvironment(options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const directory = join(options.stateDirectory, 'environments', 'python')
  return await withLock(`python-environment ${directory}`, options, () => ensure(directory, options))
}

async function ensure(directory: string, options: PythonEnvironmentOptions): Promise<PythonEnvironment> {
  const python = await findPython()
  if (python === undefined) throw new Error('Python 3.9 or later is needed: install the package python3.')
  const requirements = join(options.projectDirectory, 'deploy', 'environments', 'python', 'requirements.txt')
  const interpreter = join(directory, 'bin', 'python')
  const stamp = fingerprint(python, readFileSync(requirements, 'utf8'))
  const stampFile = join(directory, 'made-from')
  const isNew = !existsSync(interpreter) || !existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp
  if (isNew) {
    options.say?.('making a virtual environment with numpy, h5py, matplotlib, plotly')
    rmSync(directory, { recursive: true, force: true })
    await makeVenv(python, directory, options.signal)
    await runToEnd(
      interpreter,
      ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', requirements],
      { signal: options.signal },
    )
    writeFileSync(stampFile, stamp)
  }
  writeEnvironmentsFile(options.stateDirectory, python, interpreter)
  return { interpreter, version: python.version, isNew }
}

export function environmentsFile(stateDirectory: string): string {
  return join(stateDirectory, 'environments.json')
}

function writeEnvironmentsFile(stateDirectory: string, python: Python, interpreter: string): void {
  const version = python.version.split('.').slice(0, 2).join('.')
  const environments = [{ name: 'Python', version, interpreter, environment: {}, default: true }]
  writeFileSync(environmentsFile(stateDirectory), JSON.stringify(environments, null, 2) + '\n')
}

function fingerprint(python: Python, requirements: string): string {
  return createHash('sha256').update(`${python.interpreter}\n${python.version}\n${requirements}`).digest('hex')
}

/** Debian ships `venv` apart from Python: where it is missing, root gets it; anybody else a sentence. */
async function makeVenv(python: Python, directory: string, signal?: AbortSignal): Promise<void> {
  mkdirSync(join(directory, '..'), { recursive: true })
  const make = (interpreter: string) => runToEnd(interpreter, ['-m', 'venv', directory], { signal })
  try {
    await make(python.interpreter)
  } catch (error) {
    signal?.throwIfAborted()
    if (process.getuid?.() !== 0) {
      const what = 'Python cannot make a virtual environment: install the package python3-venv, then try again.'
      throw new Error(what, { cause: error })
    }
    await installDebianPackages(['python3-venv'], { signal })
    rmSync(directory, { recursive: true, force: true })
    await make(python.interpreter)
  }
}
