import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { identify, identitySchema, isAlive } from '../../local/processes/identity.ts'

/** Marks a folder as that of this process, so that a later run can tell one that was left behind. */
export const own = (folder: string): void =>
  writeFileSync(join(folder, 'owner.json'), JSON.stringify(identify(process.pid)))

/** Ends and removes what earlier runs left behind that were killed. */
export const clearUpAbandoned = async (parent: string, end: (folder: string) => Promise<void>): Promise<void> => {
  mkdirSync(parent, { recursive: true })
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name)
    if (hasLivingOwner(folder)) continue
    await end(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}

const hasLivingOwner = (folder: string): boolean => {
  try {
    return isAlive(identitySchema.parse(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8'))))
  } catch {
    return false
  }
}
