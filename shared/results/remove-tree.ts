import { randomUUID } from 'node:crypto'
import { chmod, lstat, readdir, rename, rmdir, unlink } from 'node:fs/promises'
import { noProgress, type Progress } from './progress.ts'
import { hasCode } from './results-fault.ts'

/** The kernel takes 4,096 bytes, and a name below has up to 255. */
const longestPathBytes = 3_500
/** What it takes to list a directory and to remove from it. */
const ownerMode = 0o700

/**
 * Removes what lies at a path, whatever it is; nothing there is no error. Says at each file that it gets on, which Node's own way does
 * not: a script may leave a million. Names are bytes, since they need not be valid text. Links are removed, never followed.
 */
export const removeTree = async (path: string | Buffer, progress: Progress = noProgress): Promise<void> => {
  const whole = typeof path === 'string' ? Buffer.from(path) : path
  await removeBelow(whole, whole, progress)
}

const removeBelow = async (top: Buffer, path: Buffer, progress: Progress): Promise<void> => {
  progress()
  try {
    const found = await lstat(path)
    if (!found.isDirectory()) return await unlink(path)
    // A script can take away the rights to look into its directories, and to change them.
    if ((found.mode & ownerMode) !== ownerMode) await chmod(path, ownerMode)
    if (path.length > longestPathBytes) return await removeBelow(top, await moveUp(top, path), progress)
    for (const name of await readdir(path, { encoding: 'buffer' }))
      await removeBelow(top, Buffer.concat([path, slash, name]), progress)
    await rmdir(path)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
}

const slash = Buffer.from('/')

/** Who goes step by step makes directories that no path reaches: they are brought to where one does. */
const moveUp = async (top: Buffer, path: Buffer): Promise<Buffer> => {
  const above = Buffer.concat([top, slash, Buffer.from(randomUUID())])
  await rename(path, above)
  return above
}
