import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { environmentsSchema, softwareLabel, type Environment } from '#contracts/environments.ts'
import { CannotCheck } from './cannot-check.ts'

const oldest = [3, 8] as const
const asked = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'

/** Whoever is called `python3` may be a wrapper that needs its owner's surroundings; scripts get the interpreter behind it. */
const inspect = async (program: string): Promise<Environment> => {
  let answer: string
  try {
    answer = (await promisify(execFile)(program, ['-I', '-c', asked], { timeout: 60_000 })).stdout
  } catch (cause) {
    const reason =
      cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT'
        ? 'there is no such program'
        : 'it cannot be started'
    throw new CannotCheck(`${program} is no Python to check with: ${reason}. Name one with --python.`, { cause })
  }
  const [interpreter = '', version = ''] = answer.trim().split('\n')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (interpreter === '' || major !== oldest[0] || minor < oldest[1]) {
    throw new CannotCheck(
      `${program} is Python ${version || 'of an unknown version'}; scripts need 3.8 or later. Name another with --python.`,
    )
  }
  const [environment] = environmentsSchema.parse([{ name: 'Python', version, interpreter, default: true }])
  if (environment === undefined) throw new CannotCheck(`${program} is no Python to check with.`)
  return environment
}

const listEnvironments = async (path: string): Promise<readonly Environment[]> => {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new CannotCheck(`The list of software environments, ${path}, cannot be read.`, { cause })
  })
  try {
    return environmentsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new CannotCheck(`${path} is not a list of software environments.`, { cause })
  }
}

/** By name, or by name and version: `Scipp`, `Scipp 26.1`. */
const chooseSoftware = async (software: string, path: string | undefined): Promise<Environment> => {
  if (path === undefined) {
    throw new CannotCheck(
      '--software needs the list of environments: set ENVIRONMENTS_FILE, or name the file with --environments.',
    )
  }
  const all = await listEnvironments(path)
  const found = all.filter((one) => one.name === software || softwareLabel(one) === software)
  const [only, ...others] = found
  if (only && others.length === 0) return only
  const labels = (found.length > 0 ? found : all).map(softwareLabel).join(', ')
  throw new CannotCheck(
    found.length > 0
      ? `There are several of ${software}: ${labels}. Say which.`
      : `There is no software environment ${software}. There is: ${labels}.`,
  )
}

/**
 * The interpreter to check with: of a configured environment, else the one that was named, else `python3`.
 * @throws {CannotCheck}
 */
export const findInterpreter = async (options: {
  readonly python: string | undefined
  readonly software: string | undefined
  readonly environmentsFile: string | undefined
}): Promise<Environment> =>
  options.software === undefined
    ? inspect(options.python ?? 'python3')
    : chooseSoftware(options.software, options.environmentsFile)
