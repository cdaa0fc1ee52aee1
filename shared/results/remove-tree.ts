import { chmod, lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { noProgress, type Progress } from './progress.ts'
import { hasCode } from './results-fault.ts'

/**
 * Removes what lies at a path, whatever it is; nothing there is no error. Says at each file that it gets on, which Node's own way does
 * not: a script may leave a million. Names are bytes, since they need not be valid text. Links are removed, never followed.
 */
export const removeTree = async (path: string | Buffer, progress: Progress = noProgress): Promise<void> => {
  progress()
  const whole = typeof path === 'string' ? Buffer.from(path) : path
  try {
    const found = await lstat(whole)
    if (!found.isDirectory()) return await unlink(whole)
    for (const name of await namesIn(whole)) await removeTree(Buffer.concat([whole, slash, name]), progress)
    await rmdir(whole)
  } catch (cause) {
    if (!hasCode(cause, 'ENOENT')) throw cause
  }
}

const slash = Buffer.from('/')

/** A script can take away the rights to look into its directories. */
const namesIn = async (directory: Buffer): Promise<readonly Buffer[]> => {
  try {
    return await readdir(directory, { encoding: 'buffer' })
  } catch (cause) {
    if (!hasCode(cause, 'EACCES')) throw cause
    await chmod(directory, 0o700)
    return readdir(directory, { encoding: 'buffer' })
  }
}
