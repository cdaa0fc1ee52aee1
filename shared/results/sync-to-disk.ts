import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Waits until a file's content, or a directory's list of names, would survive a power cut. Links are not followed. */
export const syncToDisk = async (path: string | Buffer): Promise<void> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A new file with this content, on disk, or an exception and no file: readers never see a part. */
export const writeDurably = async (path: string, content: string, mode: number): Promise<void> => {
  const handle = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    mode,
  )
  try {
    await handle.writeFile(content)
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}
