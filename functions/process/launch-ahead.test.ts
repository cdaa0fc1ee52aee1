import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEnvironmentPlaces } from './environment-places.ts'
import { aheadLauncher, type AheadLauncher } from './launch-ahead.ts'
import { openLauncher } from './open-launcher.ts'
import { openScratch } from './scratch.ts'
import {
  changeablePackage,
  openBench,
  runRunner,
  startRunner,
  temporaryDirectory,
  testEnvironment,
  type Bench,
  type RunnerOptions,
  type RunnerResult,
} from './test-support.ts'

/** What is true of interpreters that are started ahead, beside what every way promises (`every-way` and `hostile-scripts`). */

const main = (body: string): string => `def main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`

/** A library as Mantid is one: what it does while it is imported cannot be done in a process that forks later. */
const library = `import os, tempfile, threading, time
pid, at, count = os.getpid(), time.time(), 0
home, temporary, environment = os.path.expanduser('~'), tempfile.gettempdir(), dict(os.environ)
os.environ['OF_THE_LIBRARY'] = 'set'
def work():
    global count
    while True:
        count += 1
        time.sleep(0.005)
threading.Thread(target=work, daemon=True).start()
`

type AheadBench = Bench & {
  readonly launcher: AheadLauncher
  readonly said: readonly string[]
  readonly run: (body: string, options?: RunnerOptions) => Promise<RunnerResult>
  readonly software: NonNullable<RunnerOptions['software']>
  /** The numbers of the processes that wait for a script, or run one. */
  readonly pids: () => Promise<readonly number[]>
}

const openAhead = async (modules: Readonly<Record<string, string>>, imports = Object.keys(modules)) => {
  const directory = await mkdtemp('/var/tmp/process-ahead-')
  const packages = join(directory, 'state', 'packages')
  await mkdir(packages, { recursive: true })
  const [archive, state] = [join(directory, 'archive'), join(directory, 'state')]
  await mkdir(archive)
  for (const [name, content] of Object.entries(modules)) await writeFile(join(packages, `${name}.py`), content)
  const scratch = await openScratch(join(directory, 'scratch'))
  const said: string[] = []
  // Both come with the job, and hide what was there before: a folder of the environment's within what nobody may see.
  const shown = { readable: [directory], hidden: [state] }
  const launcher = aheadLauncher(await openEnvironmentPlaces(scratch, shown), (message) => said.push(message))
  const close = async (): Promise<void> => {
    await launcher.close()
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
  onTestFinished(close)
  const software = testEnvironment({ prepare: 'spawn', imports, environment: { PYTHONPATH: packages } })
  const bench: AheadBench = {
    launcher,
    scratch,
    directory,
    runAs: {},
    close,
    said,
    software,
    run: (body, options = {}) => runRunner({ 'reduce.py': main(body) }, { bench, software, ...options }),
    pids: () => pidsIn(directory),
  }
  return bench
}

/** Interpreters that have something of this folder in their world, with those that started them. */
const pidsIn = async (directory: string): Promise<readonly number[]> => {
  const found: number[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const [words, mounts, status] = await Promise.all(
      ['cmdline', 'mountinfo', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    )
    if (!words?.includes('\0ahead\0') || !mounts?.includes(directory)) continue
    found.push(Number(pid), Number(/^PPid:\s+([0-9]+)/m.exec(status ?? '')?.[1]))
  }
  return [...new Set(found)].toSorted((a, b) => a - b)
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('modules are imported before there is a script, by the process that runs it, threads and all; each serves one', async () => {
  const bench = await openAhead({ library })
  await bench.launcher.prepare(bench.software)
  const readyAt = Date.now()
  // The one that waits for it, its supervisor, and the interpreter.
  expect(await bench.pids()).toHaveLength(3)
  const body = `import library, os, threading, time
before = library.count
time.sleep(0.05)
print(library.pid == os.getpid(), library.count > before, threading.active_count(), os.environ['OF_THE_LIBRARY'], library.at)`
  const [one, two] = [await bench.run(body), await bench.run(body)]
  const [first, second] = [one, two].map(({ log }) => /^(True True 2 set) ([0-9.]+)\n$/.exec(log))
  expect([first?.[1], second?.[1]]).toEqual(['True True 2 set', 'True True 2 set'])
  expect(Number(first?.[2]) * 1000).toBeLessThan(readyAt)
  expect(Number(second?.[2])).toBeGreaterThan(Number(first?.[2]))
  expect(one.report('returned').modules).toEqual({})
  await bench.launcher.prepare(bench.software)
  await expect.poll(bench.pids).toHaveLength(3)
  expect(bench.said).toEqual([])
})

test('no thread that a module started has any rights', async () => {
  const bench = await openAhead({ library })
  const { log } = await bench.run(`import os
for thread in os.listdir('/proc/self/task'):
    with open('/proc/self/task/%s/status' % thread) as file:
        lines = dict(line.partition(':')[::2] for line in file)
    print(*(lines[name].strip() for name in ('CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp')))`)
  const none = '0'.repeat(16)
  const expected = `${`${none} `.repeat(5)}1 2`
  expect(log.trimEnd().split('\n')).toEqual([expected, expected])
})

test('a script finds what it finds under bubblewrap, and what modules remember of it is true', async () => {
  const bench = await openAhead({ library })
  const bubblewrap = await openBench('bubblewrap', {
    readable: [bench.directory],
    hidden: [join(bench.directory, 'state')],
  })
  onTestFinished(bubblewrap.close)
  const body = `import os, re, sys, signal, resource, tempfile, library
sys.dont_write_bytecode = True
environment = {name: os.environ[name] for name in sorted(os.environ) if name not in ('AUTOREDUCTION_JOB', 'PWD')}
job = re.sub('[0-9]+-1$', 'N', os.environ['AUTOREDUCTION_JOB'])
limits = [resource.getrlimit(getattr(resource, name)) for name in sorted(dir(resource)) if name.startswith('RLIMIT')]
mask = os.umask(0)
print(environment, job, sys.path, sys.argv, oct(mask), os.getcwd() == output_dir.rstrip('/'), limits, os.nice(0))
print(os.path.expanduser('~') == library.home, tempfile.gettempdir() == library.temporary, os.path.isdir(library.home))
print([(name, library.environment[name]) for name in environment if library.environment.get(name, environment[name]) != environment[name]])
print(sorted(os.listdir('/')), sorted(set(os.listdir('/tmp')) - {'cache'}), os.getpid(), os.getppid(), os.getpgid(0) == os.getpid())
print([signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGPIPE)])
print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:4], sys.flags, sys.executable, os.getgroups())
print(sorted(name for name in sys.modules if 'runner' in name and not name.startswith('_auto')))`
  const options = { software: bench.software, limits: { memoryBytes: 512 * 1024 ** 2, processes: 64, openFiles: 256 } }
  const [here, there] = [await bench.run(body, options), await bench.run(body, { ...options, bench: bubblewrap })]
  expect(here.log.split('\n')).toEqual(there.log.split('\n'))
  expect(here.log).toContain('True True True\n[]\n')
})

test('what comes with the job is there as it is then, and what is hidden stays so around the environment’s own folders', async () => {
  const bench = await openAhead({ library, later: 'value = 3' }, ['library'])
  await bench.launcher.prepare(bench.software)
  const [archive, state] = [join(bench.directory, 'archive'), join(bench.directory, 'state')]
  await writeFile(join(archive, 'WISH00000001.nxs'), 'measured meanwhile')
  await writeFile(join(state, 'secret'), 'a secret')
  // A link of the machine, through what a script does not see otherwise.
  const elsewhere = await temporaryDirectory()
  await mkdir(join(elsewhere, 'disk', 'cycle'), { recursive: true })
  await writeFile(join(elsewhere, 'disk', 'cycle', 'WISH00000001.nxs'), 'measured before')
  await symlink(join(elsewhere, 'disk', 'cycle'), join(elsewhere, 'link'))
  const { log } = await bench.run(
    `import os, later
print(open(input_file[0]).read(), open(input_file[1]).read(), later.value, os.listdir(${JSON.stringify(state)}))
for place in ('state/packages/mine', 'archive/mine', 'state/mine'):
    try: open(${JSON.stringify(bench.directory)} + '/' + place, 'w')
    except OSError as error: print(error.strerror)`,
    { inputFile: [archive, join(elsewhere, 'link')].map((folder) => join(folder, 'WISH00000001.nxs')) },
  )
  expect(log).toBe("measured meanwhile measured before 3 ['packages']\n" + 'Read-only file system\n'.repeat(2))
})

test('what a module prints while it is imported is in the service’s log, not in the script’s', async () => {
  const bench = await openAhead({ talking: `import os, sys\nprint('welcome')\nos.write(2, b'release notes\\n')\n` })
  const { log } = await bench.run(`import talking, os\nos.write(1, b'mine\\n')`)
  expect(log).toBe('mine\n')
  expect(bench.said.slice(0, 2)).toEqual(['Python 3: welcome', 'Python 3: release notes'])
})

test('a module that cannot be imported is told, and scripts do without', async () => {
  const bench = await openAhead({ broken: `raise ValueError('no licence')`, library }, ['broken', 'nowhere', 'library'])
  const { log } = await bench.run(`import library\nprint('runs')`)
  expect(log).toBe('runs\n')
  expect(bench.said.slice(0, 2)).toEqual([
    'Python 3: broken could not be imported ahead: ValueError: no licence',
    "Python 3: nowhere could not be imported ahead: ModuleNotFoundError: No module named 'nowhere'",
  ])
})

test('a module that ends its process is told, where it did so too, and is not tried without end', async () => {
  const bench = await openAhead({ crashing: 'import ctypes\nctypes.string_at(0)\n' })
  const { end } = await bench.run('pass')
  expect(end).toEqual({
    kind: 'not-started',
    cause: 'the prepared interpreter ended while it imported its modules',
  })
  expect(bench.said.join('\n')).toMatch(/Fatal Python error: Segmentation fault[^]*crashing\.py", line 2 in <module>/)
  await bench.launcher.prepare(bench.software)
  await expect.poll(() => bench.said.at(-1)).toContain('the next is started in 1 s')
})

test('the time of a script’s processor does not count what was imported before it', async () => {
  const bench = await openAhead({ slow: 'import time\nwhile time.process_time() < 1.5: pass\n' })
  const { end } = await bench.run('import time\nprint(time.process_time())')
  expect(end).toMatchObject({ kind: 'ended', exit: { code: 0 } })
  expect(end.kind === 'ended' && end.cpuSeconds).toBeLessThan(1)
})

test('a reduction that is cancelled while its modules are imported ends at once, and the next has its interpreter', async () => {
  const bench = await openAhead({ waiting: '' })
  const gate = join(bench.directory, 'state', 'packages', 'gate')
  await writeFile(
    join(bench.directory, 'state', 'packages', 'waiting.py'),
    `import os, time\nwhile not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)\n`,
  )
  const options = { bench, software: bench.software }
  const one = await startRunner({ 'reduce.py': main('pass') }, options)
  await expect.poll(bench.pids).toHaveLength(3)
  const pids = await bench.pids()
  one.script.end()
  expect(await one.script.ended).toMatchObject({ kind: 'ended', stopped: true, exit: null })
  const two = await startRunner({ 'reduce.py': main(`print('runs')`) }, options)
  await writeFile(gate, '')
  expect(await two.script.ended).toMatchObject({ kind: 'ended', exit: { code: 0 } })
  expect(two.log()).toBe('runs\n')
  // The same one; what waits now has another.
  await expect.poll(() => pids.some(isAlive)).toBe(false)
})

test('none is left when it is closed, ready or not', async () => {
  const bench = await openAhead({ endless: 'import time\ntime.sleep(600)\n', library })
  const starting = await startRunner({ 'reduce.py': main('pass') }, { bench, software: bench.software })
  await bench.launcher.prepare(testEnvironment({ ...bench.software, version: '4', imports: ['library'] }))
  await expect.poll(bench.pids).toHaveLength(6)
  const pids = await bench.pids()
  await bench.launcher.close()
  expect(await bench.pids()).toEqual([])
  expect(pids.filter(isAlive)).toEqual([])
  expect(await starting.script.ended).toMatchObject({ kind: 'not-started' })
  await bench.launcher.prepare(bench.software)
  expect(await bench.pids()).toEqual([])
  // Nor is one to be replaced.
  expect(bench.said).toEqual([])
})

test('one whose environment is taken away ends', async () => {
  const bench = await openAhead({ library })
  await bench.launcher.prepare(bench.software)
  bench.launcher.keepOnly([bench.software])
  expect(await bench.pids()).toHaveLength(3)
  bench.launcher.keepOnly([])
  await expect.poll(bench.pids).toEqual([])
})

test('it ends when its processor is killed', async () => {
  const bench = await openAhead({ library })
  const program = `
import { openEnvironmentPlaces } from ${JSON.stringify(join(import.meta.dirname, 'environment-places.ts'))}
import { aheadLauncher } from ${JSON.stringify(join(import.meta.dirname, 'launch-ahead.ts'))}
import { openScratch } from ${JSON.stringify(join(import.meta.dirname, 'scratch.ts'))}
const places = await openEnvironmentPlaces(await openScratch(${JSON.stringify(join(bench.directory, 'scratch'))}), { readable: [], hidden: [] })
await aheadLauncher(places, console.error).prepare(${JSON.stringify(bench.software)})
console.log('ready')`
  const processor = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..', '..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(processor.stdout, 'data')
  expect(await bench.pids()).toHaveLength(3)
  const pids = await bench.pids()
  processor.kill('SIGKILL')
  await expect.poll(() => pids.filter(isAlive)).toEqual([])
})

test('another is started in place of one that was lost, and of one whose packages have changed', async () => {
  const bench = await openAhead({})
  const { interpreter, install } = await changeablePackage(bench.directory)
  await install('1.0')
  const software = testEnvironment({ interpreter, imports: ['measured'], prepare: 'spawn' })
  const loaded = async () => {
    const one = await bench.run('import measured\nprint(measured.__version__)', { software })
    return { log: one.log, modules: one.report('returned').modules }
  }
  expect(await loaded()).toEqual({ log: '1.0\n', modules: { measured: '1.0' } })
  await bench.launcher.prepare(software)
  const first = await bench.pids()
  process.kill(first.at(-1) ?? 0, 'SIGKILL')
  await expect.poll(() => bench.said.at(-1)).toContain('it ended while it waited for a script')
  await expect.poll(bench.pids, { timeout: 20_000 }).toHaveLength(3)
  expect((await bench.pids()).filter((pid) => first.includes(pid))).toEqual([])
  const old = await bench.pids()
  await install('2.0')
  expect(await loaded()).toEqual({ log: '2.0\n', modules: { measured: '2.0' } })
  await expect.poll(() => old.filter(isAlive)).toEqual([])
  expect(bench.said.at(-1)).toContain('its packages have changed; its interpreter is started anew')
})

test('it is chosen where an environment asks for it', async () => {
  const bench = await openAhead({ library })
  const other = testEnvironment({ version: '4', imports: ['library'] })
  const opened = await openLauncher(bench.scratch, {
    isolation: 'best',
    environments: [bench.software, other],
    readable: [],
    hidden: [],
    say: () => undefined,
  })
  try {
    expect(opened.report).toMatchObject({ preparedWorkers: 'holds', isIsolated: true })
    expect(opened.launcher.isolationOf(bench.software)).toBe(
      'interpreter started ahead: own processes, files, users, no network',
    )
    expect(opened.launcher.isolationOf(other)).toContain('prepared worker')
    await opened.prepare(bench.software)
    expect(await bench.pids()).toHaveLength(3)
    opened.keepOnly([other])
    await expect.poll(bench.pids).toEqual([])
  } finally {
    await opened.launcher.close()
  }
})
