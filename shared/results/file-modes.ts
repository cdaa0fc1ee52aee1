import { chmod, chown } from 'node:fs/promises'

/** How results look to other users of the disk: settings of the operator. */
export type FileModes = {
  readonly file: number
  readonly directory: number
  /** A numeric group for all results; undefined leaves the service's own. */
  readonly group?: number
}

export const usualModes: FileModes = { file: 0o664, directory: 0o775 }

/** Sets mode and, where one is configured, group. Never on a link: whoever calls has looked. */
export const applyModes = async (
  path: string | Buffer,
  kind: 'file' | 'directory',
  modes: FileModes,
): Promise<void> => {
  if (modes.group !== undefined) await chown(path, -1, modes.group)
  await chmod(path, modes[kind])
}
