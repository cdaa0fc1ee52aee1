import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process that belongs to a stack, as the kernel knows it. */
export type Member = {
  readonly pid: number
  readonly parent: number
  readonly command: string
  /** `gateway`, `mariadb`, `activemq`, a function's or a companion's name, `script`, or `other`. */
  readonly role: string
  readonly isFrozen: boolean
}

type Stat = { readonly parent: number; readonly state: string; readonly startedAtTicks: number }

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const statOf = (pid: number): Stat | undefined => {
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  const [state, parent] = fields
  return state === undefined || parent === undefined || 'ZX'.includes(state)
    ? undefined
    : { state, parent: Number(parent), startedAtTicks: Number(fields[19]) }
}

const workingDirectory = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

const roleOf = (command: string, environment: string): string => {
  if (environment.includes('\0AUTOREDUCTION_JOB=')) return 'script'
  if (command.includes('mariadbd')) return 'mariadb'
  if (command.includes('activemq.jar')) return 'activemq'
  const mount = environment.split('\0secret_mount_path=')[1]
  if (mount !== undefined && command.includes('main.mjs')) {
    return (
      (mount.split('\0')[0] ?? '')
        .split('/')
        .at(-1)
        ?.replace(/^companion-/, '') ?? 'other'
    )
  }
  if (command.includes('/gateway/main.mjs')) return 'gateway'
  return 'other'
}

type Facts = { readonly startedAtTicks: number; readonly command: string; readonly role: string; readonly text: string }

/** What does not change in a process' life, once it has become the program it was started for: reading it for all of a machine takes long. */
const known = new Map<number, Facts>()
const ticksPerSecond = 100
const settledAfterSeconds = 5

const factsOf = (pid: number, { startedAtTicks }: Stat, uptimeSeconds: number): Facts => {
  const before = known.get(pid)
  if (before?.startedAtTicks === startedAtTicks) return before
  const environment = `\0${read(`/proc/${pid}/environ`)}`
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
  const role = roleOf(command, environment)
  const facts = { startedAtTicks, command, role, text: [environment, command, workingDirectory(pid)].join('\0') }
  if (uptimeSeconds - startedAtTicks / ticksPerSecond > settledAfterSeconds) known.set(pid, facts)
  return facts
}

/**
 * All living processes that have to do with a state directory: by environment, command line or working directory, and what they have
 * started (a reader is given none of these).
 */
export const familyOf = (stateDirectory: string): readonly Member[] => {
  const uptimeSeconds = Number(read('/proc/uptime').split(' ')[0])
  const all = new Map<number, Stat>()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    const stat = /^[0-9]+$/.test(entry) && pid !== process.pid ? statOf(pid) : undefined
    if (stat) all.set(pid, stat)
  }
  for (const pid of known.keys()) if (!all.has(pid)) known.delete(pid)
  const facts = new Map([...all].map(([pid, stat]) => [pid, factsOf(pid, stat, uptimeSeconds)]))
  const members = new Set([...facts].flatMap(([pid, { text }]) => (text.includes(stateDirectory) ? [pid] : [])))
  // Children stand behind their parents in the order of starting, not of numbers: until none is added.
  for (let before = -1; before < members.size;) {
    before = members.size
    for (const [pid, { parent }] of all) if (members.has(parent)) members.add(pid)
  }
  return [...members].flatMap((pid) => {
    const [stat, about] = [all.get(pid), facts.get(pid)]
    if (!stat || !about) return []
    return [{ pid, parent: stat.parent, command: about.command, role: about.role, isFrozen: stat.state === 'T' }]
  })
}

/** Those whom nobody looks after: no living parent of the family, and no leader themselves; and scripts without work. */
export const orphansAmong = (members: readonly Member[], isIdle: boolean): readonly Member[] => {
  const pids = new Set(members.map(({ pid }) => pid))
  const leaders = ['gateway', 'mariadb', 'activemq']
  const seen = new Set<string>()
  return members.filter((member) => {
    if (leaders.includes(member.role)) {
      // A second one is one too many.
      if (seen.has(member.role)) return true
      seen.add(member.role)
      return false
    }
    return (isIdle && member.role === 'script') || !pids.has(member.parent)
  })
}

export const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already.
  }
}
