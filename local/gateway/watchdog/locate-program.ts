import { delimiter, join, resolve } from 'node:path'
import { isExecutable } from '../../processes/find-program.ts'

/** The full path of a program as a shell would find it from this directory; undefined where there is none. */
export function locateProgram(program: string, directory: string, path: string): string | undefined {
  const candidates = program.includes('/')
    ? [resolve(directory, program)]
    : path.split(delimiter).map((folder) => join(folder, program))
  return program === '' ? undefined : candidates.find(isExecutable)
}
