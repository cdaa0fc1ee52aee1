import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { withLock } from '../processes/lock.ts'
import { runToEnd } from '../processes/run-to-end.ts'
import { installDebianPackages } from '../services/debian-packages.ts'
import { stateDirectory } from '../state/state-directory.ts'
import { findPython, type Python } from './find-python.ts'
import { recipeNames, recipes, type RecipeName } from './recipes.ts'

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
  return await ensureEnvironment('python', options)
}

/** The environment of a recipe of `deploy/environments`, likewise. */
export async function ensureEnvironment(
  recipe: RecipeName,
  options: PythonEnvironmentOptions,
): Promise<PythonEnvironment> {
  const directory = environmentDirectory(options.stateDirectory, recipe)
  // One file tells of all of them.
  return await withLock(`python-environment ${join(directory, '..')}`, options, () =>
    ensure(recipe, directory, options),
  )
}

/** The environment of a recipe where it is made already, from what the recipe says now. */
export function findEnvironment(
  recipe: RecipeName,
  options: PythonEnvironmentOptions,
): Omit<PythonEnvironment, 'isNew'> | undefined {
  const directory = environmentDirectory(options.stateDirectory, recipe)
  const interpreter = interpreterIn(directory)
  const made = readStamp(directory)
  const isCurrent =
    made?.requirements === hashOf(requirementsFile(recipe, options)) && made.interpreterFile === realFile(interpreter)
  return isCurrent ? { interpreter, version: made.version } : undefined
}

const requirementsFile = (recipe: RecipeName, { projectDirectory }: PythonEnvironmentOptions): string =>
  join(projectDirectory, 'deploy', 'environments', recipe, 'requirements.txt')

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

const interpreterIn = (directory: string): string => join(directory, 'bin', 'python')

const environmentDirectory = (stateDirectoryPath: string, recipe: RecipeName): string =>
  join(stateDirectoryPath, 'environments', recipe)

async function ensure(
  recipe: RecipeName,
  directory: string,
  options: PythonEnvironmentOptions,
): Promise<PythonEnvironment> {
  const found = findEnvironment(recipe, options)
  if (found !== undefined) {
    writeEnvironmentsFile(options)
    return { ...found, isNew: false }
  }
  const requirements = requirementsFile(recipe, options)
  const interpreter = interpreterIn(directory)
  const python = await findPython()
  if (python === undefined) throw new Error('Python 3.9 or later is needed: install the package python3.')
  options.say?.(`making a virtual environment with ${recipes[recipe].imports.join(', ')}`)
  rmSync(directory, { recursive: true, force: true })
  await makeVenv(python, directory, options.signal)
  await runToEnd(
    interpreter,
    ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check', '-r', requirements],
    { signal: options.signal },
  )
  const { version } = python
  const stamp: Stamp = { requirements: hashOf(requirements), version, interpreterFile: realFile(interpreter) ?? '' }
  writeFileSync(join(directory, stampName), JSON.stringify(stamp))
  writeEnvironmentsFile(options)
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

/** The file that tells `process` of those that are made; replaced as a whole, since it may be reading. */
function writeEnvironmentsFile(options: PythonEnvironmentOptions): void {
  const root = options.stateDirectory
  const environments = recipeNames.flatMap((recipe) => {
    const directory = environmentDirectory(root, recipe)
    const made = readStamp(directory)
    if (made === undefined) return []
    const { name, imports, versionOf } = recipes[recipe]
    const version =
      versionOf === undefined
        ? made.version.split('.').slice(0, 2).join('.')
        : pinned(requirementsFile(recipe, options), versionOf)
    return [
      { name, version, interpreter: interpreterIn(directory), imports, environment: {}, default: recipe === 'python' },
    ]
  })
  const file = stateDirectory(root).environmentsFile
  writeFileSync(`${file}.new`, JSON.stringify(environments, null, 2) + '\n')
  renameSync(`${file}.new`, file)
}

/** The version of a package that a recipe pins. */
function pinned(requirements: string, name: string): string {
  const line = new RegExp(`^${name}==([^;\\s]+)`, 'm').exec(readFileSync(requirements, 'utf8'))
  if (line?.[1] === undefined) throw new Error(`${requirements} does not pin ${name}.`)
  return line[1]
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
