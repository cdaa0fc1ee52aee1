import { stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { setTimeout as waitMs } from 'node:timers/promises'
import { scriptFolder } from './archive-paths.ts'
import { scanImports, type ImportedModule } from './python-imports.ts'
import { isSameFile, readBytes, withRegularFile, type NotReadable } from './regular-file.ts'

type ScriptFile = { readonly name: string; readonly bytes: Uint8Array }

/** `files`: reduce.py, reduce_vars.py where it is there, then the neighbours they import, by name (`lib/focus.py`). */
export type ScriptReading =
  | { readonly kind: 'read'; readonly folder: string; readonly files: readonly ScriptFile[] }
  /** There is nothing to run: a run is Skipped with this reason. */
  | { readonly kind: 'missing'; readonly folder: string; readonly reason: string }
  | { readonly kind: 'empty'; readonly folder: string; readonly reason: string }
  /** Not readable now; trying again may help. */
  | { readonly kind: 'unreadable'; readonly folder: string; readonly reason: string }
  | { readonly kind: 'changing'; readonly folder: string; readonly reason: string }

const scriptName = 'reduce.py'
const variablesName = 'reduce_vars.py'

const largestBytes = 32 * 1024 * 1024
const mostFiles = 500
const attempts = 4
const pauseMs = 150

type Seen = { readonly file: ScriptFile; readonly stats: Stats }
type Look = { readonly seen: readonly Seen[] } | Exclude<ScriptReading, { kind: 'read' }>

/**
 * Reads the instrument's script with all that it needs from its own folder, as of one moment: scientists edit in place, so what changed
 * while it was read is read again.
 */
export const readScript = async (
  root: string,
  instrument: string,
  pause: (ms: number) => Promise<unknown> = waitMs,
): Promise<ScriptReading> => {
  const folder = scriptFolder(root, instrument)
  let look: Look | undefined
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (attempt > 1) await pause(pauseMs)
    look = await lookOnce(folder, instrument)
    // An editor empties a file before it writes it, or puts a new one in its place: look again before saying so.
    const maySettle = 'kind' in look && (look.kind === 'empty' || look.kind === 'missing') && attempt < 2
    if (maySettle) continue
    if ('kind' in look) return look
    if (await isUnchanged(folder, look.seen)) return { kind: 'read', folder, files: look.seen.map(({ file }) => file) }
  }
  if (look && 'kind' in look) return look
  return {
    kind: 'changing',
    folder,
    reason: `The reduction script of ${instrument} is being edited at this moment: ${folder}`,
  }
}

const lookOnce = async (folder: string, instrument: string): Promise<Look> => {
  const seen = new Map<string, Seen>()
  const wanted = [scriptName, variablesName]
  let sizeBytes = 0
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    if (seen.has(name)) continue
    const result = await readOne(folder, name)
    if ('fault' in result) {
      if (name !== scriptName && result.absent) continue
      if (result.absent) {
        return {
          kind: 'missing',
          folder,
          reason: `${instrument} has no reduction script: there is no ${scriptName} in ${folder}`,
        }
      }
      return {
        kind: 'unreadable',
        folder,
        reason: `The file ${name} of the reduction script of ${instrument} ${result.fault}: ${join(folder, name)}`,
      }
    }
    if (name === scriptName && isBlank(result.file.bytes)) {
      return { kind: 'empty', folder, reason: `The reduction script of ${instrument} is empty: ${join(folder, name)}` }
    }
    seen.set(name, result)
    sizeBytes += result.file.bytes.length
    if (sizeBytes > largestBytes || seen.size > mostFiles) {
      return {
        kind: 'unreadable',
        folder,
        reason: `The reduction script of ${instrument} and the modules it imports are too large: at most ${mostFiles} files and ${largestBytes / 1024 / 1024} MiB are taken from ${folder}`,
      }
    }
    wanted.push(...neighboursOf(name, result.file.bytes))
  }
  const rest = [...seen.keys()].filter((name) => name !== scriptName && name !== variablesName).sort()
  return { seen: [scriptName, variablesName, ...rest].map((name) => seen.get(name)).filter((one) => one !== undefined) }
}

const readOne = (folder: string, name: string): Promise<Seen | NotReadable> =>
  withRegularFile(join(folder, name), async (file, stats) => ({
    file: { name, bytes: await readBytes(file, 0, Math.min(stats.size, largestBytes + 1)) },
    stats,
  }))

const isBlank = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString('latin1').trim() === ''

const isUnchanged = async (folder: string, seen: readonly Seen[]): Promise<boolean> => {
  const checks = seen.map(async ({ file, stats }) => {
    const now = await stat(join(folder, file.name)).catch(() => undefined)
    return now !== undefined && isSameFile(stats, now) && file.bytes.length === now.size
  })
  return (await Promise.all(checks)).every((same) => same)
}

/** Files of the script's folder that this one may import; whether they are there is seen when they are read. */
const neighboursOf = (name: string, bytes: Uint8Array): readonly string[] => {
  const text = new TextDecoder('utf-8').decode(bytes)
  return [...new Set(scanImports(text).flatMap((module) => filesOf(module, name)))]
}

const filesOf = (module: ImportedModule, importer: string): readonly string[] => {
  const base = packageOf(importer, module.level)
  if (base === undefined) return []
  const chains = [module.parts, ...module.names.map((name) => [...module.parts, name])]
  const files = chains.flatMap((parts) =>
    parts.flatMap((_part, place) => {
      const path = posix.join(base, ...parts.slice(0, place + 1))
      return [`${path}.py`, `${path}/__init__.py`]
    }),
  )
  return base === '.' || base === '' ? files : [`${base}/__init__.py`, ...files]
}

/** The folder that an import of this level starts from; undefined where it leaves the script's folder. */
const packageOf = (importer: string, level: number): string | undefined => {
  let folder = level === 0 ? '.' : dirname(importer)
  for (let up = 1; up < level; up += 1) {
    if (folder === '.') return undefined
    folder = dirname(folder)
  }
  return folder
}
