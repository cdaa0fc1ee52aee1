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

type Stat = { readonly parent: number; readonly state: string }

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const statOf = (pid: number): Stat | undefined => {
  const [state, parent] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return state === undefined || parent === undefined || 'ZX'.includes(state)
    ? undefined
    : { state, parent: Number(parent) }
}

const workingDirectory = (pid: number): string => {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

const roleOf = (command: string, environment: string, stateDirectory: string): string => {
  if (environment.includes('\0AUTOREDUCTION_JOB=')) return 'script'
  if (command.includes('mariadbd')) return 'mariadb'
  if (command.includes('activemq.jar')) return 'activemq'
  const mount = environment.split(`\0secret_mount_path=${stateDirectory}/`)[1]
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

/** All living processes that have to do with a state directory: by environment, command line or working directory. */
export const familyOf = (stateDirectory: string): readonly Member[] => {
  const members: Member[] = []
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    const stat = /^[0-9]+$/.test(entry) && pid !== process.pid ? statOf(pid) : undefined
    if (!stat) continue
    const environment = `\0${read(`/proc/${pid}/environ`)}`
    const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
    if (![environment, command, workingDirectory(pid)].some((text) => text.includes(stateDirectory))) continue
    const role = roleOf(command, environment, stateDirectory)
    members.push({ pid, parent: stat.parent, command, role, isFrozen: stat.state === 'T' })
  }
  return members
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
