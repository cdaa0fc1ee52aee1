import { softwareLabel, type Environment } from '#contracts/environments.ts'
import type { EnvironmentPlaces } from './environment-places.ts'
import type { Launch, Launcher } from './launcher.ts'
import { killGroup, runnerProgram, spawnRunner, type RunAs } from './runner-program.ts'
import { scriptEnvironment } from './script-environment.ts'
import { scriptPlaces, type ScriptView, type ViewEntry } from './script-view.ts'
import { superviseRunner, type StartedRunner } from './supervise-runner.ts'

/** Runs each script in an interpreter of its own, in a world that bubblewrap makes. */
export const bubblewrapLauncher = (program: string, places: EnvironmentPlaces, runAs: RunAs = {}): Launcher => ({
  isolationOf: ({ network }) => `bubblewrap: own processes, files, users${network ? '' : ', no network'}`,
  launch: (launch) => superviseRunner(launch, () => start(program, places, launch, runAs)),
  close: () => Promise.resolve(),
})

const start = async (
  program: string,
  places: EnvironmentPlaces,
  launch: Launch,
  runAs: RunAs,
): Promise<StartedRunner> => {
  const { software } = launch
  const view = await places.viewFor(launch)
  const environment = sandboxedEnvironment(launch)
  const python = [software.interpreter, '-u', runnerProgram]
  const isRoot = (runAs.uid ?? process.geteuid?.()) === 0
  const [first = program, ...rest] = [
    ...(isRoot ? [...python, 'guard'] : []),
    ...[program, ...bubblewrapArguments(view, isRoot)],
    ...[...python, 'inside'],
  ]
  const runner = spawnRunner(first, rest, { ...runAs, cwd: '/', env: environment })
  return {
    ...runner,
    request: await sandboxedRequest(places, launch),
    killHard: () => {
      killGroup(runner.process.pid)
      return Promise.resolve()
    },
    clearUp: () => Promise.resolve(),
  }
}

/** What the runner is told inside a world of its own, whoever made that. */
export const sandboxedRequest = async (places: EnvironmentPlaces, launch: Launch) => ({
  job: { ...launch.job, scriptDirectory: scriptPlaces.script },
  script: launch.script,
  environment: sandboxedEnvironment(launch),
  place: await sandboxedPlace(places, launch.software),
  limits: launch.limits,
})

export const sandboxedPlace = async (places: EnvironmentPlaces, software: Environment) => ({
  ...scriptPlaces,
  seed: await places.cacheOf(software),
})

export const sandboxedEnvironment = ({
  software,
  name,
}: Pick<Launch, 'software' | 'name'>): Readonly<Record<string, string>> =>
  scriptEnvironment({
    interpreter: software.interpreter,
    extra: software.environment,
    home: scriptPlaces.home,
    temporary: scriptPlaces.temporary,
    cache: scriptPlaces.cache,
    job: `${softwareLabel(software)} ${name}`,
    timeZone: process.env['TZ'],
  })

const bubblewrapArguments = (view: ScriptView, isRoot: boolean): readonly string[] => [
  ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
  ...(view.network ? [] : ['--unshare-net']),
  ...['--uid', String(view.user), '--gid', String(view.group), '--cap-drop', 'ALL', '--die-with-parent', '--as-pid-1'],
  ...['--size', String(view.temporaryBytes), '--tmpfs', '/tmp'],
  ...view.entries.flatMap(entryArguments),
  ...['--dev', '/dev', '--size', String(view.temporaryBytes), '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
  ...['--proc', '/proc', ...kernelSwitches.flatMap((path) => ['--ro-bind-try', path, path])],
  // What it says of the machine is root's, outside as inside; see runner/guard.py.
  ...(isRoot ? ['--remount-ro', '/proc'] : []),
  ...['--remount-ro', '/', '--chdir', '/', '--'],
]

/** Whoever has root's number may write these, capabilities or not; bubblewrap covers them for all others. */
const kernelSwitches = ['/proc/sys', '/proc/sysrq-trigger', '/proc/irq', '/proc/bus', '/proc/fs']

const entryArguments = (entry: ViewEntry): readonly string[] => {
  switch (entry.kind) {
    case 'read-only':
      return ['--ro-bind-try', entry.source ?? entry.path, entry.path]
    case 'writable':
      return ['--bind', entry.path, entry.path]
    case 'hidden':
      return ['--tmpfs', entry.path]
    case 'link':
      return ['--symlink', entry.target, entry.path]
  }
}
