import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { open, rename, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Puts a named pipe in a file's place: who opens it waits for ever, as on a network drive that does not answer. */
export const becomeFifo = async (path: string, how: 'nobody writes' | 'somebody could write'): Promise<Fifo> => {
  await promisify(execFile)('mkfifo', [`${path}.fifo`])
  await rename(`${path}.fifo`, path)
  // With somebody who could write, opening succeeds and it is the reading that waits.
  const writer = how === 'somebody could write' ? await open(path, constants.O_RDWR | constants.O_NONBLOCK) : undefined
  return {
    becomeFile: async (text) => {
      await writeFile(`${path}.file`, text)
      await rename(`${path}.file`, path)
      await writer?.close()
    },
  }
}

export type Fifo = { readonly becomeFile: (text: string | Buffer) => Promise<void> }
