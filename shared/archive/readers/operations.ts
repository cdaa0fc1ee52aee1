import type { FileHandle } from 'node:fs/promises'
import { lstat, readdir, stat } from 'node:fs/promises'
import type { Dirent, Stats } from 'node:fs'
import type { OperationContext } from '#file-workers/serve-calls.ts'
import { describeResults, readLogRange, readResultRange } from '#results/read-result.ts'
import { findAndReadRun } from '../find-and-read-run.ts'
import { describeFileFault, isAbsent } from '../file-faults.ts'
import { listInstruments } from '../list-instruments.ts'
import { readLastrun } from '../read-lastrun.ts'
import { readScript } from '../read-script.ts'
import { readBytes, withRegularFile, type NotReadable } from '../regular-file.ts'

type PathKind = 'file' | 'directory' | 'link' | 'other'
type DirectoryEntry = { readonly name: string; readonly kind: PathKind }
type PathFacts = { readonly kind: PathKind; readonly sizeBytes: number; readonly modifiedAt: Date }

const kindOf = (entry: Dirent | Stats): PathKind =>
  entry.isFile() ? 'file' : entry.isDirectory() ? 'directory' : entry.isSymbolicLink() ? 'link' : 'other'

const refusal = (fault: unknown): NotReadable => ({ fault: describeFileFault(fault), absent: isAbsent(fault) })

const largestRangeBytes = 4 * 1024 * 1024

/**
 * All that readers can do: the one list of operations. To add one, write a function from a structured-cloneable input to such
 * an output and name it here; `readers.call(name, …)` is then typed by it. Expected trouble is part of the output; what is thrown
 * reaches the caller as a ReadFault.
 */
export const operations = {
  readLastrun: (input: { readonly root: string; readonly instrument: string }) =>
    readLastrun(input.root, input.instrument),

  findAndReadRun: (
    input: {
      readonly root: string
      readonly instrument: string
      readonly run: number
      readonly prefixes?: readonly string[] | undefined
    },
    context: OperationContext,
  ) => findAndReadRun(input.root, input.instrument, input.run, input.prefixes, context.retire),

  readScript: (input: { readonly root: string; readonly instrument: string }) =>
    readScript(input.root, input.instrument),

  listInstruments: (input: { readonly root: string }) => listInstruments(input.root),

  /** Names in a directory, unsorted. */
  listDirectory: async (input: {
    readonly path: string
  }): Promise<{ readonly entries: readonly DirectoryEntry[] } | NotReadable> => {
    try {
      const entries = await readdir(input.path, { withFileTypes: true })
      return { entries: entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) })) }
    } catch (fault) {
      return refusal(fault)
    }
  },

  /** What lies at a path; `followLinks: false` tells a link as such. */
  statPath: async (input: {
    readonly path: string
    readonly followLinks?: boolean
  }): Promise<PathFacts | NotReadable> => {
    try {
      const stats = await (input.followLinks === false ? lstat(input.path) : stat(input.path))
      return { kind: kindOf(stats), sizeBytes: stats.size, modifiedAt: stats.mtime }
    } catch (fault) {
      return refusal(fault)
    }
  },

  /** A part of a file, at most 4 MiB: fewer bytes than asked for where it ends. Long files are read part by part. */
  readFileRange: (input: {
    readonly path: string
    readonly position: number
    readonly length: number
  }): Promise<{ readonly bytes: Uint8Array; readonly sizeBytes: number; readonly modifiedAt: Date } | NotReadable> =>
    withRegularFile(input.path, async (file: FileHandle, stats: Stats) => ({
      bytes: await readBytes(file, input.position, Math.min(input.length, largestRangeBytes)),
      sizeBytes: stats.size,
      modifiedAt: stats.mtime,
    })),

  /** A part of a reduction's file: opened without following any link that a script may have made. */
  readResultRange,

  /** Sizes and times of some of a reduction's files. */
  describeResults,

  /** A part of a reduction's log, wherever it lies at this moment. */
  readLogRange,
} as const

type Operations = typeof operations
export type OperationName = keyof Operations
export type InputOf<Name extends OperationName> = Parameters<Operations[Name]>[0]
export type OutputOf<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>
