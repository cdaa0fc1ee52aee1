import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { withLock } from '../processes/lock.ts'
import { runToEnd } from '../processes/run-to-end.ts'
import { installDebianPackages } from '../services/debian-packages.ts'
import { stateDirectory } from '../state/state-directory.ts'
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
  const requirements = join(options.projectDirectory, 'deploy', 'environments', 'python', 'requirements.txt')
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex')
  const interpreter = join(directory, 'bin', 'python')
  const made = readStamp(directory)
  if (made?.requirements === wanted && made.interpreterFile === realFile(interpreter)) {
    writeEnvironmentsFile(options.stateDirectory, made.version, interpreter)
    return { interpreter, version: made.version, isNew: false }
  }
  const python = await findPython()
  if (python === undefined) throw new Error('Python 3.9 or later is needed: install the package python3.')
  options.say?.('making a virtual environment with numpy, h5py, matplotlib, plotly')
  rmSync(directory, { recursive: true, force: true })
  await makeVenv(python, directory, options.signal)
  await runToEnd(
    interpreter,
    ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', requirements],
    { signal: options.signal },
  )
  const { version } = python
  const stamp: Stamp = { requirements: wanted, version, interpreterFile: realFile(interpreter) ?? '' }
  writeFileSync(join(directory, stampName), JSON.stringify(stamp))
  writeEnvironmentsFile(options.stateDirectory, version, interpreter)
  return { interpreter, version, isNew: true }
}

const stampName = 'made-from.json'
const stampSchema = z.object({
  requirements: z.string(),
  version: z.string(),
  /** The program behind the links: another one after the system's Python was upgraded. */
  interpreterFile: z.string(),
})
type Stamp = z.infer<typeof stampSchema>

function readStamp(directory: string): Stamp | undefined {
  try {
    return stampSchema.parse(JSON.parse(readFileSync(join(directory, stampName), 'utf8')))
  } catch {
    return undefined
  }
}

function realFile(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** The file that tells `process` of it; replaced as a whole, since it may be reading. */
function writeEnvironmentsFile(stateDirectoryPath: string, pythonVersion: string, interpreter: string): void {
  const version = pythonVersion.split('.').slice(0, 2).join('.')
  const environments = [{ name: 'Python', version, interpreter, environment: {}, default: true }]
  const file = stateDirectory(stateDirectoryPath).environmentsFile
  writeFileSync(`${file}.new`, JSON.stringify(environments, null, 2) + '\n')
  renameSync(`${file}.new`, file)
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
