import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, identitySchema, isAlive } from '../../local/processes/identity.ts'

/** Makes a folder that tells whose it is from its first moment, so that another run never takes it for one that was left behind. */
export const makeOwnFolder = (parent: string): string => {
  const unfinished = mkdtempSync(join(parent, '.new-'))
  writeFileSync(join(unfinished, 'owner.json'), JSON.stringify(identify(process.pid)))
  const folder = unfinished.replace(/\.new-(?=[^/]*$)/, 'run-')
  renameSync(unfinished, folder)
  return folder
}

const clearing = new Map<string, Promise<void>>()

/** Ends what earlier runs left behind that were killed; once in this process, however many ask. */
export const clearUpAbandoned = (parent: string, end: (folder: string) => Promise<unknown>): Promise<void> => {
  const known = clearing.get(parent)
  if (known) return known
  const work = clearUp(parent, end)
  clearing.set(parent, work)
  return work
}

const clearUp = async (parent: string, end: (folder: string) => Promise<unknown>): Promise<void> => {
  mkdirSync(parent, { recursive: true })
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name)
    if (name.startsWith('run-') && !hasLivingOwner(folder)) await end(folder)
  }
}

const hasLivingOwner = (folder: string): boolean => {
  try {
    return isAlive(identitySchema.parse(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))))
  } catch {
    return false
  }
}
