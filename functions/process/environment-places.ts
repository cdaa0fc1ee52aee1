import { execFile } from 'node:child_process'
import { mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { Launch } from './launcher.ts'
import { runnerDirectory, runnerProgram } from './runner-program.ts'
import type { Scratch } from './scratch.ts'
import { scriptEnvironment } from './script-environment.ts'
import { idsInside, scriptPlaces, scriptView, underBothNames, type ScriptView, type ViewGround } from './script-view.ts'

/** Interpreters on a slow disk, and the first list of the machine's fonts. */
const patienceMs = 120_000
/** What imports may leave in /tmp; for the script there is as much room as its own limits say. */
const temporaryBytesAhead = 256 * 1024 * 1024

export type EnvironmentPlaces = {
  readonly viewFor: (launch: Launch) => Promise<ScriptView>
  /** What is in every view of this environment and does not depend on the job: all that its imports need. */
  readonly viewAhead: (software: Environment) => Promise<ScriptView>
  /** Another text as soon as a package of the environment, or its interpreter, was changed. */
  readonly stampOf: (software: Environment) => Promise<string>
  /** Kept between reductions, and seen by scripts as a copy of their own. */
  readonly cacheOf: (software: Environment) => Promise<string>
  /** Makes what matplotlib takes seconds for and keeps in its cache, where there is matplotlib and no such cache yet. */
  readonly listFonts: (software: Environment) => Promise<void>
  /** The environment of an interpreter that runs no script: it prepares for those that do. */
  readonly preparing: (software: Environment) => Promise<Readonly<Record<string, string>>>
}

/** `names`: of its interpreter and packages, under every name they have; `marks`: files and folders that change when the environment does; `stamp`: how they were. */
type Described = { readonly names: readonly string[]; readonly marks: readonly string[]; readonly stamp: string }

/**
 * What scripts see of the machine: what the operator shows, and the places of their software environment, asked of its interpreter once and
 * again when it has changed.
 */
export const openEnvironmentPlaces = async (
  scratch: Scratch,
  shown: Pick<ViewGround, 'readable' | 'hidden'>,
): Promise<EnvironmentPlaces> => {
  const etc = join(scratch.directory, 'etc')
  await mkdir(etc, { recursive: true, mode: 0o755 })
  const [users, groups] = [join(etc, 'passwd'), join(etc, 'group')]
  const { user, group } = idsInside()
  await writeFile(users, `reduction:x:${user}:${group}::${scriptPlaces.home}:/bin/sh\n`)
  await writeFile(groups, `reduction:x:${group}:\n`)

  const standing = { readable: namesOf(shown.readable), hidden: namesOf(shown.hidden) }
  const listed = new Set<string>()
  const described = new Map<string, Promise<Described>>()
  const cacheOf = (software: Environment): Promise<string> => scratch.cache(softwareLabel(software))
  const preparing = async (software: Environment): Promise<Readonly<Record<string, string>>> => {
    const cache = await cacheOf(software)
    const { interpreter, environment: extra } = software
    const timeZone = process.env['TZ']
    const own = { home: cache, temporary: scratch.directory, cache, job: 'preparing' }
    return scriptEnvironment({ interpreter, extra, timeZone, ...own })
  }
  /** Whoever asks while somebody looks gets the same answer: each launch asks twice. */
  const looking = new Map<string, Promise<Described>>()
  const describedNow = (software: Environment): Promise<Described> => {
    const key = JSON.stringify([software.interpreter, software.environment])
    const underWay = looking.get(key)
    if (underWay) return underWay
    const look = lookAt(software, key).finally(() => looking.delete(key))
    looking.set(key, look)
    return look
  }
  /** As it is now: a few looks at the disk, not one interpreter more. */
  const lookAt = async (software: Environment, key: string): Promise<Described> => {
    const known = described.get(key)
    const isFresh = await known?.then(
      async ({ marks, stamp }) => (await stampOf(marks)) === stamp,
      () => false,
    )
    const current = described.get(key)
    if (current && (isFresh || current !== known)) return current
    const asking = preparing(software).then((environment) => describe(software, environment))
    described.set(key, asking)
    asking.catch(() => undefined)
    return asking
  }

  const groundOf = async (software: Environment): Promise<Omit<ViewGround, 'temporaryBytes'>> => ({
    software: [
      ...(await describedNow(software)).names,
      ...(await underBothNames([await cacheOf(software), ...software.visible])),
    ],
    readable: [],
    inputs: [],
    hidden: await standing.hidden(),
    network: software.network,
    users,
    groups,
  })

  return {
    stampOf: async (software) => (await describedNow(software)).stamp,
    cacheOf,
    preparing,
    listFonts: async (software) => {
      if (listed.has(software.interpreter)) return
      listed.add(software.interpreter)
      await runToEnd(software.interpreter, 'list-fonts', await preparing(software))
    },
    viewFor: async ({ software, job, inputRealPaths = [], limits }) => {
      const inputs = job.mode === 'reduce' ? [job.inputFile, inputRealPaths].flat() : []
      const ground: ViewGround = {
        ...(await groundOf(software)),
        readable: await standing.readable(),
        inputs,
        temporaryBytes: limits.temporaryBytes,
      }
      return scriptView(ground, 'outputDirectory' in job ? [job.outputDirectory] : [])
    },
    viewAhead: async (software) =>
      scriptView({ ...(await groundOf(software)), temporaryBytes: temporaryBytesAhead }, []),
  }
}

/**
 * Asked of the disk until all are there, and then never again: an archive that hangs later would take our own threads, and with them every
 * other instrument's reductions.
 */
const namesOf = (paths: readonly string[]): (() => Promise<readonly string[]>) => {
  let known: readonly string[] | undefined
  return async () => {
    if (known) return known
    const found = await Promise.all(paths.map((path) => underBothNames([path])))
    if (found.every((names) => names.length > 0)) known = found.flat()
    return found.flat()
  }
}

const places = z.array(z.string().startsWith('/'))
const descriptionSchema = z.object({ paths: places, marks: places })

const describe = async (
  { interpreter, environment }: Environment,
  env: Readonly<Record<string, string>>,
): Promise<Described> => {
  const { paths, marks } = descriptionSchema.parse(JSON.parse(await runToEnd(interpreter, 'describe', env)))
  const libraries = ['LD_LIBRARY_PATH', 'PATH'].flatMap((name) => environment[name]?.split(':') ?? [])
  const ownPlaces = libraries.filter((path) => path.startsWith('/') && path !== '/')
  return {
    names: await underBothNames([runnerDirectory, ...paths, ...ownPlaces]),
    marks,
    stamp: await stampOf(marks),
  }
}

const stampOf = async (marks: readonly string[]): Promise<string> => {
  const seen = await Promise.all(marks.map((path) => stat(path, { bigint: true }).catch(() => undefined)))
  return seen.map((found) => (found ? `${found.dev}:${found.ino}:${found.mtimeNs}` : 'missing')).join(' ')
}

const runToEnd = async (
  interpreter: string,
  way: 'describe' | 'list-fonts',
  env: Readonly<Record<string, string>>,
): Promise<string> => {
  const options = { env: { ...env }, cwd: '/', timeout: patienceMs }
  const { stdout } = await promisify(execFile)(interpreter, ['-u', runnerProgram, way], options)
  return stdout
}
