import { randomBytes } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { ScriptFiles } from '#contracts/script.ts'
import { removeTree } from '#results/remove-tree.ts'
import { endMarkedProcesses } from './end-marked-processes.ts'
import { hasEnded, ownIdentity, readOwner, writeOwner } from './scratch-owner.ts'

/** The local disk that scripts, their HOME and their temporary files use while they run. */
export type Scratch = {
  /** Names this processor among all: host, process, chance. */
  readonly processor: string
  /** This processor's own part of it, which goes when it closes. */
  readonly directory: string
  /** Processors of this host that are certainly dead, and whose scratch was cleared up when this one was opened. */
  readonly buried: readonly string[]
  /** A directory of one job; `remove` takes it away with all that is in it. */
  readonly openJob: (name: string) => Promise<ScratchJob>
  /** For what is worth keeping between jobs of one software environment. */
  readonly cache: (environment: string) => Promise<string>
  readonly close: () => Promise<void>
}

export type ScratchJob = {
  readonly directory: string
  readonly scriptDirectory: string
  readonly home: string
  readonly temporary: string
  /** Unique among all jobs of all processors. */
  readonly name: string
  readonly remove: () => Promise<void>
}

/** Opens a scratch directory for this process and clears up behind processors of this host that were killed. */
export const openScratch = async (root: string): Promise<Scratch> => {
  await mkdir(root, { recursive: true, mode: 0o755 })
  const buried = await clearUpBehindTheDead(root)
  const processor = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
  const directory = join(root, processor)
  await mkdir(directory, { mode: 0o700 })
  await writeOwner(directory, await ownIdentity())
  return {
    processor,
    directory,
    buried,
    openJob: (name) => openJob(directory, processor, name),
    cache: async (environment) => {
      const path = join(root, 'cache', environment.replaceAll(/[^A-Za-z0-9._-]/g, '_'))
      await mkdir(path, { recursive: true })
      return path
    },
    close: () => removeTree(directory),
  }
}

const openJob = async (parent: string, processor: string, name: string): Promise<ScratchJob> => {
  const directory = join(parent, name)
  await removeTree(directory)
  const job = {
    directory,
    scriptDirectory: join(directory, 'script'),
    home: join(directory, 'home'),
    temporary: join(directory, 'tmp'),
    name: `${processor}/${name}`,
  }
  for (const path of [directory, job.scriptDirectory, job.home, job.temporary]) await mkdir(path, { mode: 0o700 })
  return { ...job, remove: () => removeTree(directory) }
}

/** Writes a script and its neighbours, byte for byte. */
export const writeScript = async (directory: string, files: ScriptFiles): Promise<void> => {
  for (const { name, base64 } of files) {
    const parts = name.split('/')
    if (name.startsWith('/') || parts.some((part) => part === '' || part === '.' || part === '..')) {
      throw new TypeError(`A script's file may not be called ${JSON.stringify(name)}.`)
    }
    const path = join(directory, ...parts)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, Buffer.from(base64, 'base64'))
  }
}

/** The variable by which a job's processes are found when nothing else knows them any more. */
export const jobMarker = (name: string): string => `AUTOREDUCTION_JOB=${name}`

/** @returns those of whom it is certain; the others may, for all we know, live in another container that calls itself like this one */
const clearUpBehindTheDead = async (root: string): Promise<readonly string[]> => {
  const ofThisHost = `${hostname()}-`
  const own = await ownIdentity()
  const buried: string[] = []
  for (const entry of await readdir(root)) {
    const pid = entry.startsWith(ofThisHost) ? /^([0-9]+)-/.exec(entry.slice(ofThisHost.length))?.[1] : undefined
    if (pid === undefined) continue
    const owner = await readOwner(join(root, entry))
    const isCertain = owner !== undefined && (await hasEnded(owner, own))
    if (!isCertain && isAlive(Number(pid))) continue
    for (const job of await readdir(join(root, entry)).catch(() => []))
      await endMarkedProcesses(jobMarker(`${entry}/${job}`))
    await removeTree(join(root, entry))
    if (isCertain) buried.push(entry)
  }
  return buried
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}
