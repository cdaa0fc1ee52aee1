import { readlink, realpath } from 'node:fs/promises'
import { dirname, resolve, sep } from 'node:path'

/** One thing that a script finds in its file system. Everything that no entry names is not there. */
export type ViewEntry =
  /** `source`: where it lies outside, where that is not the same. */
  | { readonly kind: 'read-only'; readonly path: string; readonly source?: string }
  /** An empty directory over what would be visible otherwise. */
  | { readonly kind: 'writable' | 'hidden'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

/** All that a script sees of the machine; `runner/sandbox.py` and bubblewrap both make it. */
export type ScriptView = {
  /** Parents before what lies in them. */
  readonly entries: readonly ViewEntry[]
  readonly temporaryBytes: number
  /** The machine's network, and with it all that listens there. */
  readonly network: boolean
  /** The numbers by which the script knows its user and group: the service's own, but never root's. */
  readonly user: number
  readonly group: number
}

/** Where a script's things lie in its own file system. */
export const scriptPlaces = {
  script: '/tmp/script',
  home: '/tmp/home',
  temporary: '/tmp',
  cache: '/tmp/cache',
} as const

const systemFolders = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32']
/** Of /etc what programs need to run; never its keys and passwords. */
const systemFiles = [
  '/etc/ld.so.cache',
  '/etc/ld.so.conf',
  '/etc/ld.so.conf.d',
  '/etc/alternatives',
  '/etc/localtime',
  '/etc/timezone',
  '/etc/fonts',
  '/etc/mime.types',
  '/etc/nsswitch.conf',
  '/sys/devices/system/cpu',
]
const networkFiles = [
  '/etc/resolv.conf',
  '/etc/hosts',
  '/etc/services',
  '/etc/ssl/certs',
  '/etc/ca-certificates',
  '/etc/pki',
]

/** What stays the same from one reduction to the next. */
export type ViewGround = {
  /** Of the software environment: its interpreter, packages, and what its file names beside them; under every name they have. */
  readonly software: readonly string[]
  /** Archives, scripts' shared files; under every name they have. */
  readonly readable: readonly string[]
  /** Of the one reduction; not looked at here, for their disk may hang. */
  readonly inputs: readonly string[]
  /** Nobody sees these, whatever lies above them; under every name they have. */
  readonly hidden: readonly string[]
  readonly network: boolean
  readonly temporaryBytes: number
  /** Files that stand for /etc/passwd and /etc/group. */
  readonly users: string
  readonly groups: string
}

/** Numbers by which the script knows its user and group: the service's own, but never root's. */
export const idsInside = (): { readonly user: number; readonly group: number } => ({
  user: process.geteuid?.() || unprivileged,
  group: process.getegid?.() || unprivileged,
})

const unprivileged = 1000

export const scriptView = async (ground: ViewGround, writable: readonly string[]): Promise<ScriptView> => {
  const ofNetwork = ground.network ? await underBothNames(networkFiles) : []
  const entries: ViewEntry[] = [
    ...(await (ofTheSystem ??= systemEntries())),
    ...readOnly([...ofNetwork, ...ground.software, ...[...ground.readable, ...ground.inputs].map(trimmed)]),
    ...ground.hidden.map((path) => ({ kind: 'hidden' as const, path })),
    ...writable.map((path) => ({ kind: 'writable' as const, path: trimmed(path) })),
    { kind: 'read-only', path: '/etc/passwd', source: ground.users },
    { kind: 'read-only', path: '/etc/group', source: ground.groups },
  ]
  const { temporaryBytes, network } = ground
  return { entries: inOrder(entries), temporaryBytes, network, ...idsInside() }
}

/** Looked at once: two thirds of what a view costs. A name that is there no more is left out by whoever makes the world. */
let ofTheSystem: Promise<readonly ViewEntry[]> | undefined

const systemEntries = async (): Promise<readonly ViewEntry[]> => [
  ...(await Promise.all(systemFolders.map(systemEntry))),
  ...readOnly(await underBothNames(systemFiles)),
]

const readOnly = (paths: readonly string[]): readonly ViewEntry[] => paths.map((path) => ({ kind: 'read-only', path }))

/** On many systems `/bin` is a link to `/usr/bin`. */
const systemEntry = async (path: string): Promise<ViewEntry> => {
  const target = await readlink(path).catch(() => undefined)
  return target === undefined ? { kind: 'read-only', path } : { kind: 'link', path, target }
}

/** A place that is reached through a link is there by its real name too: links within it may use either. What is not there is left out. */
export const underBothNames = async (paths: readonly string[]): Promise<readonly string[]> => {
  const names = await Promise.all(
    paths.map(async (path) => {
      const real = await realpath(path).catch(() => undefined)
      return real === undefined ? [] : [trimmed(path), real]
    }),
  )
  return [...new Set(names.flat())]
}

const trimmed = (path: string): string => resolve(path)

const rank = { link: 0, 'read-only': 1, hidden: 2, writable: 3 } as const

/** Parents first; without what a parent shows already, and what nothing shows anyway. */
const inOrder = (entries: readonly ViewEntry[]): readonly ViewEntry[] => {
  const depth = ({ path }: ViewEntry): number => path.split(sep).length
  const sorted = entries.toSorted((a, b) => depth(a) - depth(b) || rank[a.kind] - rank[b.kind])
  const made = new Map<string, ViewEntry>()
  for (const entry of sorted) {
    const above = nearestAbove(made, entry.path)
    const isShown = above?.kind === 'read-only' || above?.kind === 'writable'
    if (entry.kind === 'read-only' && entry.source === undefined && isShown) continue
    if (entry.kind === 'hidden' && !isShown) continue
    made.set(entry.path, entry)
  }
  return [...made.values()]
}

const nearestAbove = (made: ReadonlyMap<string, ViewEntry>, path: string): ViewEntry | undefined => {
  for (let above = path; ; above = dirname(above)) {
    const found = made.get(above)
    if (found || above === dirname(above)) return found
  }
}
