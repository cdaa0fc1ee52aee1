import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { allowanceMs, noProgress, type Progress } from './progress.ts'

/** Waits until a file's content, or a directory's list of names, would survive a power cut. Links are not followed. */
export const syncToDisk = async (path: string | Buffer, progress: Progress = noProgress): Promise<void> => {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (progress !== noProgress) progress(allowanceMs((await handle.stat()).size))
    await handle.sync()
    progress()
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
