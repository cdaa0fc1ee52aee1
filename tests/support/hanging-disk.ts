import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A disk that really hangs: a file system served by a process that can be stopped. One lies over another, so that whoever waits
 * for the stopped one through the other cannot even be killed, as on a network drive whose server is away.
 */
export type HangingDisk = {
  /** The same files, beside the disk: can be looked at while it hangs. */
  readonly source: string
  readonly hang: () => void
  readonly goOn: () => void
  /** Lets it go on, takes it away, and waits until nothing of it is left. */
  readonly end: () => Promise<void>
}

const hasProgram = (name: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const mayUseFuse = (): boolean => {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** Why there can be none here, in words. Tests that need one are skipped then. */
export const whyNoDiskHangs: string | undefined = !mayUseFuse()
  ? '/dev/fuse is not there, or this user may not use it'
  : hasProgram('bindfs') && hasProgram('fusermount3')
    ? undefined
    : 'bindfs or fusermount3 is not installed'
export const canDisksHang: boolean = whyNoDiskHangs === undefined

/** Its guardian takes everything away when whoever asked for the disk ends, however that was. */
const guardian = `
  source=$1 inner=$2 outer=$3
  serve() { exec bindfs -f -o attr_timeout=0,entry_timeout=0,negative_timeout=0 "$1" "$2"; }
  until_mounted() { until mountpoint -q "$1"; do kill -0 "$2" 2>/dev/null || return 1; sleep 0.05; done; }
  take_away() {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do fusermount3 -u "$1" 2>/dev/null && return; sleep 0.2; done
    fusermount3 -uz "$1" 2>/dev/null || umount -l "$1"
  }
  trap '' INT TERM HUP
  (serve "$source" "$inner") & first=$!
  until_mounted "$inner" $first || exit 1
  (serve "$inner" "$outer") & second=$!
  until_mounted "$outer" $second || { take_away "$inner"; wait; exit 1; }
  echo $first
  cat >/dev/null
  kill -CONT $first
  take_away "$outer"
  take_away "$inner"
  wait
`

/**
 * @param mountPoint an empty directory, where the disk is then
 * @param files what lies on the disk; without it, nothing at first
 */
export const openHangingDisk = async (mountPoint: string, files?: string): Promise<HangingDisk> => {
  const folder = mkdtempSync(join(tmpdir(), 'hanging-disk-'))
  const [source, inner] = [files ?? join(folder, 'source'), join(folder, 'inner')]
  for (const path of [source, inner]) mkdirSync(path, { recursive: true })
  const keeper = spawn('bash', ['-c', guardian, 'guardian', source, inner, mountPoint], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  })
  const exited = once(keeper, 'exit')
  const [line] = (await Promise.race([
    once(keeper.stdout, 'data'),
    exited.then(() => {
      rmSync(folder, { recursive: true, force: true })
      throw new Error('the disk could not be mounted')
    }),
  ])) as [Buffer]
  const server = Number(line.toString())
  return {
    source,
    hang: () => void process.kill(server, 'SIGSTOP'),
    goOn: () => void process.kill(server, 'SIGCONT'),
    end: async () => {
      keeper.stdin.end()
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
