import { lstat, readdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { FileModes } from './file-modes.ts'
import { makeDirectories } from './make-directories.ts'
import { readIdentity } from './read-record.ts'
import { asResultsFault, hasCode, missingFault, ResultsFault } from './results-fault.ts'
import { syncToDisk } from './sync-to-disk.ts'

/** A finished staging directory, the place its results go to, and whose they are. */
export type Publication = {
  readonly staging: string
  readonly target: string
  readonly reductionId: number
  readonly fence: number
}

/** What the disk says about a publication that may or may not have happened. */
export type Standing = 'published' | 'staged' | 'taken' | 'vanished'

/** Looks, changes nothing. After an interruption this decides what is left to do. Throws where the disk does not say. */
export const standingOf = async (publication: Publication): Promise<Standing> => {
  if (await isThere(publication.target)) {
    return (await isOwn(publication, publication.target)) ? 'published' : 'taken'
  }
  return (await isOwn(publication, publication.staging)) ? 'staged' : 'vanished'
}

/**
 * Renames finished results into place; readers see all of them or none. Nothing is ever overwritten. May be called again after any
 * interruption, by whoever finds one: it goes by what lies on disk.
 * @throws {ResultsFault} `taken` where somebody else's results lie at the target, `vanished` where there are certainly none to publish;
 * every other kind leaves the finished results where they are, to be published another time
 */
export const publish = async (publication: Publication, modes: FileModes): Promise<void> => {
  const { staging, target } = publication
  const first = await standingOf(publication)
  const standing = first === 'vanished' ? await lookAgain(publication) : first
  if (standing === 'staged') {
    try {
      await makeDirectories(dirname(target), modes)
      await rename(staging, target)
    } catch (cause) {
      // The answer of a rename over a network can be lost although it happened.
      const now = await standingOf(publication)
      if (now !== 'published') throw now === 'taken' ? taken(target) : asResultsFault(target, cause)
    }
  } else if (standing === 'taken') throw taken(target)
  else if (standing === 'vanished') throw vanished(staging)
  await Promise.all([syncToDisk(dirname(target)), syncToDisk(dirname(staging))])
}

/**
 * Results are given up only where they are certainly gone. A disk that is not mounted has no staging folder either, and a network drive
 * remembers for a while who was not there: listing a folder asks its server.
 */
const lookAgain = async (publication: Publication): Promise<Standing> => {
  const folder = dirname(publication.staging)
  await readdir(folder).catch((cause: unknown) => {
    throw hasCode(cause, 'ENOENT', 'ENOTDIR')
      ? missingFault(`The folder that the finished results were in is not there (${folder})`)
      : asResultsFault(folder, cause)
  })
  await readdir(dirname(publication.target)).catch(() => undefined)
  return standingOf(publication)
}

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    (cause: unknown) => {
      if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return false
      throw asResultsFault(path, cause)
    },
  )

const isOwn = async (publication: Publication, directory: string): Promise<boolean> => {
  const identity = await readIdentity(directory).catch((cause: unknown) => {
    throw asResultsFault(directory, cause)
  })
  return identity?.id === publication.reductionId && identity.fence === publication.fence
}

const taken = (target: string): ResultsFault =>
  new ResultsFault(
    'taken',
    `Other results already lie at ${target}; they were not overwritten`,
    'Re-run for a new version.',
  )

const vanished = (staging: string): ResultsFault =>
  new ResultsFault(
    'vanished',
    `The finished results were removed from ${staging} before they were published`,
    'Re-run it.',
  )
