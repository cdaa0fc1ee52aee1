import { readFile, readlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

const ownerSchema = z.object({
  pid: z.number().int(),
  /** Field 22 of /proc/PID/stat: a later process of the same number has another. */
  startedAtTicks: z.string(),
  bootId: z.string(),
  pidNamespace: z.string(),
})

/** Which process a scratch directory belongs to, among all that ever had its number. */
export type Owner = z.infer<typeof ownerSchema>

const ownerFile = 'owner.json'

export const writeOwner = async (directory: string, owner: Owner | undefined): Promise<void> => {
  if (owner) await writeFile(join(directory, ownerFile), JSON.stringify(owner))
}

/** Undefined where nobody signed, or the signature was cut off by the owner's death. */
export const readOwner = async (directory: string): Promise<Owner | undefined> => {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(join(directory, ownerFile), 'utf8')))
  } catch {
    return undefined
  }
}

/** Undefined where the system does not say: then nobody will be sure of our death, and the lease decides. */
export const ownIdentity = async (): Promise<Owner | undefined> => {
  try {
    const startedAtTicks = await startOf(process.pid)
    if (startedAtTicks === undefined) return undefined
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim()
    return { pid: process.pid, startedAtTicks, bootId, pidNamespace: await readlink('/proc/self/ns/pid') }
  } catch {
    return undefined
  }
}

/** Certainly dead: since the same boot, and among the processes that we can see, there is no such process any more. */
export const hasEnded = async (owner: Owner, own: Owner | undefined): Promise<boolean> => {
  if (!own || owner.bootId !== own.bootId || owner.pidNamespace !== own.pidNamespace) return false
  try {
    return (await startOf(owner.pid)) !== owner.startedAtTicks
  } catch {
    return false
  }
}

/** Undefined where there is no such process, or only its unreaped remains. */
const startOf = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch((cause: unknown) => {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ESRCH')) return ''
    throw cause
  })
  // The name in the second field may hold anything, brackets too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
}
