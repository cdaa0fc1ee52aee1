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
/** A file may be in the middle of being written that was changed so short a time ago. */
const justNowMs = 1_000

type Seen = { readonly file: ScriptFile; readonly stats: Stats }
type Look =
  | {
      readonly seen: readonly Seen[]
      /** Looked for and not there: what appears meanwhile belongs to the script too. */
      readonly absent: readonly string[]
      readonly asksForVariables: boolean
    }
  | Exclude<ScriptReading, { kind: 'read' }>

/** How a script is called in sentences, and whether there has to be a reduce.py. */
type Wanted = { readonly whose: string; readonly needsScript: boolean }

/**
 * Reads the instrument's script with all that it needs from its own folder, as of one moment: scientists edit in place, so what changed
 * while it was read is read again.
 */
export const readScript = (
  root: string,
  instrument: string,
  pause: (ms: number) => Promise<unknown> = waitMs,
): Promise<ScriptReading> =>
  readScriptFolder(scriptFolder(root, instrument), { whose: instrument, needsScript: true }, pause)

/** The same for any folder. Without `needsScript` a reduce_vars.py alone will do. */
export const readScriptFolder = async (
  folder: string,
  wanted: Wanted,
  pause: (ms: number) => Promise<unknown> = waitMs,
): Promise<ScriptReading> => {
  let look: Look | undefined
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (attempt > 1) await pause(pauseMs)
    look = await lookOnce(folder, wanted)
    if (attempt === 1 && maySettle(look)) continue
    if ('kind' in look) return look
    if (await isUnchanged(folder, look)) return { kind: 'read', folder, files: look.seen.map(({ file }) => file) }
  }
  if (look && 'kind' in look) return look
  return {
    kind: 'changing',
    folder,
    reason: `The reduction script of ${wanted.whose} is being edited at this moment: ${folder}`,
  }
}

/**
 * An editor empties a file before it writes it, or moves it aside and puts a new one in its place: what looks like that is looked at once
 * more after a moment, and so is what was written just now.
 */
const maySettle = (look: Look): boolean => {
  if ('kind' in look) return look.kind === 'empty' || look.kind === 'missing'
  return (
    (look.asksForVariables && look.absent.includes(variablesName)) ||
    look.seen.some(
      ({ file, stats }) =>
        (file.bytes.length === 0 && posix.basename(file.name) !== '__init__.py') ||
        Math.abs(Date.now() - stats.mtimeMs) < justNowMs,
    )
  )
}

const lookOnce = async (folder: string, { whose, needsScript }: Wanted): Promise<Look> => {
  const seen = new Map<string, Seen>()
  const absent = new Set<string>()
  const wanted = [scriptName, variablesName]
  let sizeBytes = 0
  let asksForVariables = false
  for (let name = wanted.shift(); name !== undefined; name = wanted.shift()) {
    if (seen.has(name) || absent.has(name)) continue
    const result = await readOne(folder, name)
    if ('fault' in result) {
      if (result.absent && (name !== scriptName || !needsScript)) {
        absent.add(name)
        continue
      }
      if (result.absent) {
        return {
          kind: 'missing',
          folder,
          reason: `${whose} has no reduction script: there is no ${scriptName} in ${folder}`,
        }
      }
      return {
        kind: 'unreadable',
        folder,
        reason: `The file ${name} of the reduction script of ${whose} ${result.fault}: ${join(folder, name)}`,
      }
    }
    if (name === scriptName && needsScript && isBlank(result.file.bytes)) {
      return { kind: 'empty', folder, reason: `The reduction script of ${whose} is empty: ${join(folder, name)}` }
    }
    seen.set(name, result)
    sizeBytes += result.file.bytes.length
    if (sizeBytes > largestBytes || seen.size > mostFiles) {
      return {
        kind: 'unreadable',
        folder,
        reason: `The reduction script of ${whose} and the modules it imports are too large: at most ${mostFiles} files and ${largestBytes / 1024 / 1024} MiB are taken from ${folder}`,
      }
    }
    const neighbours = neighboursOf(name, result.file.bytes)
    asksForVariables ||= neighbours.includes(variablesName)
    wanted.push(...neighbours)
  }
  const rest = [...seen.keys()].filter((name) => name !== scriptName && name !== variablesName).sort()
  return {
    seen: [scriptName, variablesName, ...rest].map((name) => seen.get(name)).filter((one) => one !== undefined),
    absent: [...absent],
    asksForVariables,
  }
}

const readOne = (folder: string, name: string): Promise<Seen | NotReadable> =>
  withRegularFile(join(folder, name), async (file, stats) => ({
    file: { name, bytes: await readBytes(file, 0, Math.min(stats.size, largestBytes + 1)) },
    stats,
  }))

const isBlank = (bytes: Uint8Array): boolean => Buffer.from(bytes).toString('latin1').trim() === ''

const isUnchanged = async (folder: string, look: Extract<Look, { seen: unknown }>): Promise<boolean> => {
  const statNow = (name: string): Promise<Stats | undefined> => stat(join(folder, name)).catch(() => undefined)
  const stillSame = look.seen.map(async ({ file, stats }) => {
    const now = await statNow(file.name)
    // The time of the last change of any kind tells of an editor that gives a file its old time back.
    return (
      now !== undefined && isSameFile(stats, now) && stats.ctimeMs === now.ctimeMs && file.bytes.length === now.size
    )
  })
  const stillAbsent = look.absent.map(async (name) => (await statNow(name)) === undefined)
  return (await Promise.all([...stillSame, ...stillAbsent])).every((same) => same)
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
