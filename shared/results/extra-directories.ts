import { lstat, realpath } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { FileModes } from './file-modes.ts'
import { filesBelow, placeFile } from './place-flat.ts'
import { noProgress, type Progress } from './progress.ts'

/** Below a configured root files are replaced; within the experiment's own results nothing that lies there is. */
export type ExtraDirectory = { readonly path: string; readonly mayReplace: boolean }
export type ExtraDirectories = { readonly allowed: readonly ExtraDirectory[]; readonly remarks: readonly string[] }

const mostDirectories = 20
const longestPathBytes = 4_000

/**
 * Which of the directories that a script returned may have a copy of its results: those below the configured roots or the
 * experiment's own reduced data, links followed. Every other is refused with a reason for the log; that is never an error.
 */
export const chooseExtraDirectories = async (
  returned: readonly string[],
  roots: readonly string[],
  ownResults: string,
): Promise<ExtraDirectories> => {
  const allowed: ExtraDirectory[] = []
  const remarks: string[] = []
  const realRoots = await Promise.all(roots.map(realPathOfExisting))
  const realOwn = await realPathOfExisting(ownResults)
  const asked = [...new Set(returned)]
  for (const directory of asked.slice(0, mostDirectories)) {
    if (Buffer.byteLength(directory) > longestPathBytes) {
      const beginning = JSON.stringify(directory.slice(0, 100))
      remarks.push(`The results were not copied to ${beginning}…: no path is longer than ${longestPathBytes} bytes.`)
      continue
    }
    if (!isAbsolute(directory)) {
      remarks.push(`The results were not copied to ${JSON.stringify(directory)}: it is not an absolute path.`)
      continue
    }
    const path = await realPathOfExisting(directory)
    if (realRoots.some((root) => isBelow(root, path))) allowed.push({ path, mayReplace: true })
    else if (isBelow(realOwn, path) && !isOfAVersion(relative(realOwn, path))) allowed.push({ path, mayReplace: false })
    else {
      remarks.push(
        `The results were not copied to ${JSON.stringify(directory)}: this service may not write there. Ask its team to allow it.`,
      )
    }
  }
  if (asked.length > mostDirectories) {
    remarks.push(
      `The results were copied to the first ${mostDirectories} of ${asked.length} directories only: no reduction may name more.`,
    )
  }
  return { allowed, remarks }
}

/** Copies published results. @returns what was not copied, in words */
export const copyToExtraDirectories = async (
  results: string,
  directories: readonly ExtraDirectory[],
  modes: FileModes,
  progress: Progress = noProgress,
): Promise<readonly string[]> => {
  const failed: string[] = []
  for (const { path: directory, mayReplace } of directories) {
    try {
      for (const path of await filesBelow(results)) {
        if (!mayReplace && isOfAVersion(path)) {
          failed.push(
            `${JSON.stringify(path)} was not copied to ${JSON.stringify(directory)}: nobody adds to published results.`,
          )
          continue
        }
        const [source, target] = [join(results, path), join(directory, path)]
        // Whoever finishes what another began finds some of it copied.
        if (!(await isCopy(source, target))) await placeFile(source, target, modes, mayReplace, progress)
      }
    } catch (cause) {
      failed.push(`The results could not all be copied to ${JSON.stringify(directory)}: ${String(cause)}`)
    }
  }
  return failed
}

/** A copy carries its source's size and time. */
const isCopy = async (source: string, target: string): Promise<boolean> => {
  const copy = await lstat(target).catch(() => undefined)
  if (!copy?.isFile()) return false
  const { size, mtimeMs } = await lstat(source)
  return size === copy.size && Math.abs(mtimeMs - copy.mtimeMs) < 2
}

/** Published results are complete: nobody adds to them. */
const isOfAVersion = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('.') || /^run-version-[0-9]+$/.test(part))

/** The real path of a directory that need not exist yet: links in the part that does are followed. */
const realPathOfExisting = async (path: string): Promise<string> => {
  const whole = resolve(path)
  for (let existing = whole; ; existing = dirname(existing)) {
    const real = await realpath(existing).catch(() => undefined)
    if (real !== undefined) return join(real, relative(existing, whole))
    if (existing === dirname(existing)) return whole
  }
}

const isBelow = (root: string, path: string): boolean => {
  const way = relative(root, path)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}
