import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { decideOutcome } from './outcome.ts'
import { runnerProgram, type RunAs } from './runner-program.ts'
import {
  openBench,
  python,
  runRunner,
  startRunner,
  testEnvironment,
  type Bench,
  type RunnerOptions,
  type RunnerResult,
  type Way,
} from './test-support.ts'

/**
 * One suite of scripts that mean harm, against every way of running them: each is contained, told in words, and the next reduction is
 * unharmed. As root it is also tried as a user without rights.
 */

const somebody: RunAs = { uid: 64_321, gid: 64_321 }
const isRoot = process.getuid?.() === 0

const canRead = (path: string, as: RunAs): boolean => {
  try {
    execFileSync('/usr/bin/test', ['-r', path], { ...as, cwd: '/' })
    return true
  } catch {
    return false
  }
}

type Candidate = { readonly title: string; readonly way: Way; readonly runAs: RunAs }
const candidates: readonly Candidate[] = [
  { title: 'prepared worker', way: 'prepared', runAs: {} },
  { title: 'interpreter started ahead', way: 'ahead', runAs: {} },
  { title: 'bubblewrap', way: 'bubblewrap', runAs: {} },
  ...(isRoot
    ? [
        { title: 'prepared worker, as a user without rights', way: 'prepared', runAs: somebody } as const,
        { title: 'interpreter started ahead, as a user without rights', way: 'ahead', runAs: somebody } as const,
        { title: 'bubblewrap, as a user without rights', way: 'bubblewrap', runAs: somebody } as const,
      ]
    : []),
]

const prepareOf = { plain: 'none', bubblewrap: 'none', prepared: 'fork', ahead: 'spawn' } as const
/** Processes that wait for the next script: an interpreter and who makes its worlds; an interpreter and its supervisor. */
const keptReady = { plain: 0, bubblewrap: 0, prepared: 2, ahead: 2 } as const

const main = (body: string): string => `import os, sys, time, json, socket, signal, subprocess, ctypes, errno
def attempt(name, do):
    try:
        result = do()
    except BaseException as error:
        print(name, 'failed', type(error).__name__, flush=True)
    else:
        print(name, 'worked', repr(result)[:200], flush=True)

def main(input_file, output_dir):
${body.replaceAll(/^/gm, '    ')}
`

/** What lies in a world's own /tmp from the start: its places, and the way to a checkout that itself lies below /tmp. */
const usualInTmp = [
  ...['script', 'home', 'cache'],
  ...[runnerProgram, python()].filter((path) => path.startsWith('/tmp/')).map((path) => path.split('/')[2] ?? ''),
]

const marker = 'a-secret-of-the-service'
const megabyte = 1024 ** 2

/** Everything on this machine that belongs to a bench: by its arguments, its environment or what it has mounted. */
const processesOf = async (bench: Bench): Promise<readonly string[]> => {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    if (Number(pid) === process.pid) continue
    const parts = await Promise.all(
      ['cmdline', 'environ', 'mountinfo'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    )
    if (parts.some((part) => part.includes(bench.directory))) found.push(`${pid} ${parts[0]?.replaceAll('\0', ' ')}`)
  }
  return found
}

type Services = {
  readonly port: number
  readonly udpPort: number
  readonly abstract: string
  readonly path: string
  readonly close: () => Promise<void>
}

/** What a script must not reach: as the database, the broker and the gateway listen. */
const listen = async (directory: string): Promise<Services> => {
  const abstract = `\0${directory}/abstract`
  const path = join(directory, 'service')
  const servers: Server[] = []
  const open = async (where: number | string): Promise<Server> => {
    const server = createServer((socket) => socket.end('reached'))
    servers.push(server)
    if (typeof where === 'number') server.listen(where, '127.0.0.1')
    else server.listen(where)
    await once(server, 'listening')
    return server
  }
  const tcp = await open(0)
  await open(abstract)
  await open(path)
  const udp = createSocket('udp4')
  udp.on('message', (_, from) => udp.send('reached', from.port, from.address))
  udp.bind(0, '127.0.0.1')
  await once(udp, 'listening')
  return {
    port: (tcp.address() as AddressInfo).port,
    udpPort: udp.address().port,
    abstract,
    path,
    close: async () => {
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
      await new Promise<void>((resolve) => udp.close(() => resolve()))
    },
  }
}

const worked = (log: string): readonly string[] => log.split('\n').filter((line) => line.includes(' worked'))

describe.each(candidates)('$title', ({ way, runAs }) => {
  let bench: Bench
  let services: Services
  let [archive, secrets] = ['', '']
  const interpreter = (): string => (canRead(python(), runAs) ? python() : '/usr/bin/python3')
  const software = (): RunnerOptions['software'] =>
    testEnvironment({ interpreter: interpreter(), prepare: prepareOf[way], imports: [] })

  beforeAll(async () => {
    process.env['SECRET_OF_THE_SERVICE'] = marker
    if (!canRead(runnerProgram, runAs))
      throw new Error(`${runnerProgram} can be read by root only: lay the project elsewhere`)
    const hidden: string[] = []
    const readable: string[] = []
    bench = await openBench(way, { runAs, readable, hidden })
    ;[archive, secrets] = [join(bench.directory, 'archive'), join(bench.directory, 'secrets')]
    for (const path of [archive, secrets, join(bench.directory, 'output-of-another')]) await mkdir(path)
    await writeFile(join(archive, 'WISH00000001.nxs'), 'measured')
    await writeFile(join(secrets, 'database-url'), marker)
    await writeFile(join(bench.directory, 'output-of-another', 'result.txt'), marker)
    for (const path of [
      archive,
      join(archive, 'WISH00000001.nxs'),
      join(secrets, 'database-url'),
      secrets,
      join(bench.directory, 'output-of-another'),
    ])
      if (runAs.uid !== undefined && runAs.gid !== undefined) await chown(path, runAs.uid, runAs.gid)
    readable.push(archive)
    services = await listen(bench.directory)
  })

  afterAll(async () => {
    await services.close()
    await bench.close()
    await vi.waitFor(async () => expect(await processesOf(bench)).toEqual([]), 10_000)
  })

  const run = async (body: string, options: RunnerOptions = {}): Promise<RunnerResult> =>
    runRunner({ 'reduce.py': main(body) }, { bench, software: software(), ...options })

  /** The next one on the same slot, and what is left of the last. */
  const expectUnharmed = async (): Promise<void> => {
    const next = await run(
      `print('unharmed', set(os.listdir('/tmp')) - set(${JSON.stringify(usualInTmp)}), os.listdir('/dev/shm'), os.getcwd() + '/' == output_dir)`,
    )
    expect(next.log).toBe('unharmed set() [] True\n')
    expect(next.end).toMatchObject({ kind: 'ended', exit: { code: 0 }, endedProcesses: 0, survivors: 0, limit: null })
    await expect.poll(async () => (await processesOf(bench)).length).toBeLessThanOrEqual(keptReady[way])
  }

  const sentence = ({ end, report }: RunnerResult, isFault = false): string => {
    const limits = { wallSeconds: 60, outputBytes: megabyte, outputFiles: 10, memoryBytes: megabyte, processes: 64 }
    const outcome = isFault ? report('fault') : undefined
    return decideOutcome({ stop: undefined, end, report: outcome, limits, environment: 'Python 3' }).reason ?? ''
  }

  test('finds no secret, no environment of the service, nobody else’s results', async () => {
    const { log, end } = await run(`
attempt('secret', lambda: open(${JSON.stringify(join(secrets, 'database-url'))}).read())
attempt('another', lambda: open(${JSON.stringify(join(bench.directory, 'output-of-another', 'result.txt'))}).read())
print('neighbours', sorted(os.listdir(output_dir + '..')) == sorted(['archive', 'scratch', os.path.basename(os.getcwd())]))
attempt('shadow', lambda: open('/etc/shadow').read())
attempt('root', lambda: os.listdir('/root/.ssh'))
print('environment', [name for name in os.environ if 'SECRET' in name])
seen = []
for pid in os.listdir('/proc'):
    if pid.isdigit():
        for name in ('environ', 'cmdline', 'mem', 'maps', 'root/etc/shadow', 'cwd/secrets'):
            try:
                with open('/proc/%s/%s' % (pid, name), 'rb') as file:
                    seen.append((pid, name, file.read(100000)))
            except (OSError, OverflowError):
                pass
print('processes', sorted(int(pid) for pid in os.listdir('/proc') if pid.isdigit()))
print('secret in', [(pid, name) for pid, name, content in seen if b'${marker}' in content])
print('files named so', [place for place, _, files in os.walk('/') if 'database-url' in files])`)
    expect(worked(log)).toEqual([])
    expect(log).toContain('neighbours True')
    expect(log).toContain('environment []')
    expect(log).toContain('processes [1, 2]')
    expect(log).toContain('secret in []')
    expect(log).toContain('files named so []')
    expect(end).toMatchObject({ exit: { code: 0 } })
    await expectUnharmed()
  })

  test('reads the archive and changes nothing but its own directory', async () => {
    const file = join(archive, 'WISH00000001.nxs')
    const { log, output } = await run(`
file = ${JSON.stringify(file)}
print('read', open(file).read())
attempt('write', lambda: open(file, 'w'))
attempt('append', lambda: open(file, 'a'))
attempt('unlink', lambda: os.unlink(file))
attempt('chmod', lambda: os.chmod(file, 0o777))
attempt('utime', lambda: os.utime(file))
attempt('new', lambda: open(${JSON.stringify(join(archive, 'new'))}, 'w'))
for place in ('/', '/usr', '/usr/bin', '/etc', '/dev', '/proc', '/proc/sys', '/root', ${JSON.stringify(bench.directory)}, ${JSON.stringify(join(runnerProgram, '..'))}, os.path.dirname(sys.executable), os.path.dirname(os.__file__), output_dir + '..'):
    attempt('new in ' + place, lambda: open(os.path.join(place, 'made-by-a-script'), 'w'))
attempt('passwd', lambda: open('/etc/passwd', 'a'))
for switch in ('/proc/sys/kernel/core_pattern', '/proc/sys/vm/drop_caches', '/proc/sysrq-trigger', '/proc/sys/kernel/hostname'):
    attempt(switch, lambda: os.open(switch, os.O_WRONLY))
attempt('mount', lambda: ctypes.CDLL(None, use_errno=True).mount(b'none', b'/usr', b'tmpfs', 0, None) == 0 or 1 / 0)
attempt('remount', lambda: ctypes.CDLL(None).mount(None, b'/usr', None, 32 | 4096, None) == 0 or 1 / 0)
attempt('unmount', lambda: ctypes.CDLL(None).umount2(b'/usr', 2) == 0 or 1 / 0)
attempt('new users', lambda: ctypes.CDLL(None).unshare(0x10000000) == 0 or 1 / 0)
attempt('become root', lambda: os.setuid(0))
attempt('root by program', lambda: subprocess.run(['su', '-c', 'true'], check=True, stdin=subprocess.DEVNULL, capture_output=True))
attempt('device', lambda: os.mknod(output_dir + 'device', 0o060600, os.makedev(254, 0)))
attempt('hard link', lambda: os.link(file, output_dir + 'linked'))
for device in ('null', 'zero', 'full', 'random', 'urandom'):
    attempt('mode of ' + device, lambda: os.chmod('/dev/' + device, 0o666))
    attempt('time of ' + device, lambda: os.utime('/dev/' + device, (0, 0)))
    attempt('mode of an open ' + device, lambda: os.fchmod(os.open('/dev/' + device, os.O_RDWR if device in ('null', 'zero') else os.O_RDONLY), 0o666))
attempt('mode of standard input', lambda: os.fchmod(0, 0o666))
for name in ('uptime', 'meminfo', 'self/status', 'sys/kernel/ostype'):
    attempt('mode of ' + name, lambda: os.chmod('/proc/' + name, 0o444))
for folder in ('/proc', '/proc/1'):
    for name in os.listdir(folder):
        if os.path.isfile(folder + '/' + name) and name not in ('kmsg', 'timerslack_ns'):
            attempt('open ' + folder + '/' + name, lambda: os.open(folder + '/' + name, os.O_WRONLY))
open('/dev/null', 'w').write('as ever')
os.symlink(file, output_dir + 'symbolic')
open(output_dir + 'own', 'w').write('fine')`)
    expect(log).toContain('read measured\n')
    expect(worked(log)).toEqual([])
    expect(await readFile(file, 'utf8')).toBe('measured')
    expect(await readdir(archive)).toEqual(['WISH00000001.nxs'])
    expect((await readdir(output)).toSorted()).toEqual(['own', 'symbolic'])
    expect((await readdir(bench.directory)).filter((name) => name.includes('made-by'))).toEqual([])
    await expectUnharmed()
  })

  test('reaches nothing that listens', async () => {
    const { log } = await run(`
def unix(address):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(address)
        return one.recv(10)
attempt('tcp', lambda: socket.create_connection(('127.0.0.1', ${services.port}), 2).recv(10))
attempt('tcp outside', lambda: socket.create_connection(('192.0.2.1', 80), 2))
def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(1)
        one.sendto(b'x', ('127.0.0.1', ${services.udpPort}))
        return one.recv(10)
attempt('udp', udp)
attempt('abstract', lambda: unix(${JSON.stringify(services.abstract)}))
attempt('path', lambda: unix(${JSON.stringify(services.path)}))
for place in ('/run', '/var/run', '/tmp'):
    for folder, _, files in os.walk(place):
        for name in files:
            attempt('socket ' + name, lambda: unix(os.path.join(folder, name)))
attempt('raw', lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
attempt('packet', lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
attempt('vsock', lambda: socket.socket(40, socket.SOCK_STREAM))
with socket.socket() as own, socket.socket() as other:
    own.bind(('127.0.0.1', 0)); own.listen()
    other.connect(own.getsockname())
    print('its own loopback')`)
    expect(worked(log)).toEqual([])
    expect(log).toContain('its own loopback')
    await expectUnharmed()
  })

  test('forks without end, and is ended for it', { timeout: 90_000 }, async () => {
    const result = await run(
      `
os.write(1, b'forking\\n')
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)`,
      { limits: { processes: 64 } },
    )
    expect(result.end).toMatchObject({ kind: 'ended', stopped: false, survivors: 0 })
    expect(sentence(result)).toContain('more than 64 processes')
    await expectUnharmed()
  })

  test('stays when asked to go: ignores signals, stops itself, sends children away', async () => {
    for (const body of [
      `for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP): signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: os.setsid()
print('here', flush=True)
while True: time.sleep(1)`,
      `print('here', flush=True)\nos.kill(os.getpid(), signal.SIGSTOP)`,
      `ctypes.CDLL(None).prctl(1, 0)\nos.setpgid(0, 0) if os.getpgid(0) != os.getpid() else None\nprint('here', flush=True)\nwhile True: pass`,
    ]) {
      const started = await startRunner({ 'reduce.py': main(body) }, { bench, software: software() })
      await expect.poll(started.log).toContain('here')
      const began = performance.now()
      started.script.end()
      expect(await started.script.ended).toMatchObject({
        kind: 'ended',
        stopped: true,
        exit: { signal: 'SIGKILL' },
        survivors: 0,
      })
      expect(performance.now() - began).toBeLessThan(5_000)
    }
    await expectUnharmed()
  })

  test('leaves children that slipped away, and they are ended and counted', async () => {
    const { end } = await run(`
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.execvp('sleep', ['sleep', '600'])
        os._exit(0)
    os.wait()
time.sleep(0.2)`)
    expect(end).toMatchObject({ exit: { code: 0 }, endedProcesses: 3, survivors: 0 })
    await expectUnharmed()
  })

  test('signals, traces and looks into whatever it can', async () => {
    const { log, end } = await run(`
for number in {1, os.getppid(), ${process.pid}, -1} - {0}:
    for sent in (signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGKILL):
        try: os.kill(number, sent)
        except OSError: pass
library = ctypes.CDLL(None, use_errno=True)
for number in (1, ${process.pid}):
    attempt('trace', lambda: library.ptrace(16, number, None, None) == 0 or 1 / 0)
    attempt('memory', lambda: open('/proc/%d/mem' % number, 'rb'))
    attempt('descriptors', lambda: os.readlink('/proc/%d/fd/0' % number))
    attempt('root', lambda: os.listdir('/proc/%d/root' % number))
    attempt('limit', lambda: __import__('resource').prlimit(number, 7, (3, 3)))
print('alive')`)
    expect(worked(log)).toEqual([])
    expect(log).toContain('alive')
    expect(end).toMatchObject({ kind: 'ended', exit: { code: 0 }, stopped: false })
    await expectUnharmed()
  })

  test('changes the file of its interpreter, which is the machine’s', async () => {
    const { log } = await run(`
own = '/proc/self/exe'
attempt('mode', lambda: os.chmod(own, os.stat(own).st_mode))
attempt('times', lambda: os.utime(own, ns=(os.stat(own).st_atime_ns, os.stat(own).st_mtime_ns)))
attempt('attribute', lambda: os.setxattr(own, 'user.mine', b'1'))
attempt('owner', lambda: os.chown(own, os.stat(own).st_uid, os.stat(own).st_gid))
attempt('content', lambda: os.open(own, os.O_WRONLY))
attempt('mapped', lambda: [os.open('/proc/self/map_files/' + name, os.O_RDONLY) for name in os.listdir('/proc/self/map_files')])
print('tried')`)
    expect(worked(log)).toEqual([])
    expect(log).toContain('tried')
  })

  test('holds as many descriptors under way in sockets as it may, and others start all the same', async () => {
    const holding = await startRunner(
      {
        'reduce.py': main(`import array, resource
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
kept, sent, many = [], 0, array.array('i', [0] * 253)
try:
    while True:
        kept += socket.socketpair()
        kept[-2].setblocking(False)
        try:
            while True:
                kept[-2].sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, many)])
                sent += 253
        except BlockingIOError: pass
except OSError: pass
print('holds', sent, flush=True)
time.sleep(600)`),
      },
      { bench, software: software() },
    )
    await expect.poll(holding.log, { timeout: 20_000 }).toMatch(/holds [0-9]{3}/)
    expect((await run(`print('well')`)).log).toBe('well\n')
    holding.script.end()
    await holding.script.ended
    await expectUnharmed()
  })

  test('fills the memory, alone and with others', { timeout: 90_000 }, async () => {
    const alone = await run(`kept = []\nwhile True: kept.append(bytearray(16 * 1024 * 1024))`, {
      limits: { memoryBytes: 300 * megabyte },
    })
    expect(sentence(alone, true)).toContain('asked for more memory')
    const together = await run(
      `for _ in range(6):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1024 * 1024) * 100)
        time.sleep(600)
os.wait()`,
      { limits: { memoryBytes: 300 * megabyte } },
    )
    expect(together.end).toMatchObject({ limit: 'memory', survivors: 0 })
    // Not private to a process, so no limit of one counts it.
    const shared = await run(
      `import mmap
kept = []
while True:
    kept.append(mmap.mmap(-1, 16 * 1024 * 1024))
    kept[-1].write(b'x' * len(kept[-1]))
    time.sleep(0.02)`,
      { limits: { memoryBytes: 300 * megabyte } },
    )
    expect(shared.end).toMatchObject({ limit: 'memory', survivors: 0 })
    await expectUnharmed()
  })

  test('fills its temporary files, with bytes and with names', { timeout: 90_000 }, async () => {
    const limits = { temporaryBytes: 8 * megabyte }
    const bytes = await run(`with open('/tmp/large', 'wb') as file:\n    while True: file.write(b'x' * 65536)`, {
      limits,
    })
    expect(sentence(bytes, true)).toContain('The room for temporary files (/tmp) is full')
    const names = await run(`for number in range(10**9): open('/tmp/%d' % number, 'w').close()`, { limits })
    // Either the file system says so, or the supervisor.
    expect(sentence(names, names.end.kind === 'ended' && names.end.limit === null)).toMatch(
      /room for temporary files|more temporary files/,
    )
    const shared = await run(`with open('/dev/shm/large', 'wb') as file:\n    while True: file.write(b'x' * 65536)`, {
      limits,
    })
    expect(sentence(shared, true)).toContain('full')
    await expectUnharmed()
  })

  test('asks for memory that belongs to no process', async () => {
    const { log } = await run(`library = ctypes.CDLL(None, use_errno=True)
attempt('a file without a name', lambda: os.memfd_create('a') and 1)
for name in ('shmget', 'msgget', 'semget'):
    attempt(name, lambda: getattr(library, name)(0, 4096 if name == 'shmget' else 1 if name == 'semget' else 0o1600, 0o1600) >= 0 or 1 / 0)`)
    expect(log).toContain('shmget failed')
    expect(worked(log)).toEqual([])
    await expectUnharmed()
  })

  test('reports in the runner’s name without end, or nested without end', { timeout: 90_000 }, async () => {
    const result =
      await run(`attempt('nested', lambda: os.write(200, b'\\n' + b'[' * 50000 + b'\\n' + b'{"a":' * 50000 + b'\\n'))
lines = b'\\n' + b'{}\\n' * 20000
sent = 0
try:
    while sent < 63 * 1024 * 1024: sent += os.write(200, lines)
except OSError as error: print(error)
print('sent')
raise ValueError('true end')`)
    expect(result.log).toContain('sent\n')
    expect(result.end).toMatchObject({ kind: 'ended', exit: { code: 1 }, survivors: 0 })
    expect(result.log).toContain('true end')
    await expectUnharmed()
  })

  test('makes a file that seems to be of a terabyte', async () => {
    const result = await run(`with open(output_dir + 'sparse', 'wb') as file: file.truncate(2**40)`, {
      limits: { fileBytes: megabyte },
    })
    expect(sentence(result, true)).toContain('wrote more than 1 MB')
    await expectUnharmed()
  })

  test('prints without end, and is listened to', { timeout: 120_000 }, async () => {
    let bytes = 0
    const count = (part: Buffer): void => void (bytes += part.length)
    const { end } = await run(
      `line = b'x' * 1023 + b'\\n'\nfor _ in range(64 * 1024): os.write(1, line)\nsubprocess.run(['head', '-c', '1000000', '/dev/zero'])`,
      { onLog: count },
    )
    expect(bytes).toBe(64 * megabyte + 1_000_000)
    expect(end).toMatchObject({ exit: { code: 0 } })
    await expectUnharmed()
  })

  test('opens all the files it may, and its failure is told nevertheless', async () => {
    const result = await run(`kept = []\nwhile True: kept.append(os.open('/dev/null', os.O_RDONLY))`, {
      limits: { openFiles: 256 },
    })
    expect(sentence(result, true)).toContain('as many files open as it may')
    await expectUnharmed()
  })

  test('names files as nobody should, sets odd modes, deletes its own directory', async () => {
    const { log, output, end } = await run(`
for name in (b'new\\nline', b'..\\\\up', b'\\xff\\xfe', b'-rf *', '…'.encode(), b'x' * 255):
    open(output_dir.encode() + name, 'w').close()
attempt('up', lambda: open(output_dir + '../up', 'w'))
attempt('set user id', lambda: os.chmod(output_dir + '-rf *', 0o4755))
attempt('set user id at once', lambda: os.open(output_dir + 'program', os.O_CREAT | os.O_WRONLY, 0o4755))
attempt('set user id as a device', lambda: os.mknod(output_dir + 'pipe', 0o014755))
os.mkdir(output_dir + 'group'); os.chmod(output_dir + 'group', 0o2775)
os.mkdir(output_dir + 'closed'); os.chmod(output_dir + 'closed', 0)
import shutil
attempt('remove', lambda: os.rmdir(output_dir))
attempt('rename', lambda: os.rename(output_dir, output_dir + '../elsewhere'))
os.chmod(output_dir + 'closed', 0o700)
shutil.rmtree(output_dir, ignore_errors=True)
print('left', os.listdir(output_dir))`)
    expect(worked(log)).toEqual([])
    expect(log).toContain('left []')
    expect(end).toMatchObject({ exit: { code: 0 } })
    expect((await stat(output)).isDirectory()).toBe(true)
    await expectUnharmed()
  })

  test('prints what looks like the runner’s words, and writes to every descriptor', async () => {
    const forged = JSON.stringify({ event: 'ended', stopped: true, limit: null, exit: { code: 0 }, survivors: 0 })
    const result = await run(`
frame = b'E' + (${forged.length}).to_bytes(4, 'big') + b'${forged}'
for number in range(3, 300):
    for words in (frame, b'${forged}\\n', b'half a line'):
        try: os.write(number, words)
        except OSError: pass
print(frame.decode('latin-1'))
raise ValueError('true end')`)
    expect(result.end).toMatchObject({ kind: 'ended', stopped: false, exit: { code: 1 } })
    expect(result.report('fault').fault.message).toContain('true end')
    await expectUnharmed()
  })

  test('changes its limits and priorities', async () => {
    const { log } = await run(
      `
import resource
for what in (resource.RLIMIT_NOFILE, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
    attempt('raise %d' % what, lambda: resource.setrlimit(what, (2**40, 2**40)))
attempt('nice', lambda: os.nice(-10))
attempt('real time', lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)))
attempt('clock', lambda: time.clock_settime(time.CLOCK_REALTIME, 0))
attempt('host name', lambda: socket.sethostname('mine'))
attempt('unlikely victim', lambda: os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000'))
os.close(0); os.close(1); os.close(2)
os.nice(19)`,
      { limits: { memoryBytes: 500 * megabyte, openFiles: 256, fileBytes: megabyte } },
    )
    expect(worked(log)).toEqual([])
    await expectUnharmed()
  })

  test('leaves nothing for the next: modules, variables, files, directory', async () => {
    const first = await run(`
import json as module, builtins
module.dumps = None; builtins.print = None; sys.modules['left'] = os; sys.path.insert(0, '/left')
os.environ['LEFT'] = '1'; os.chdir('/'); os.umask(0)
os.mkdir('/tmp/left'); open('/dev/shm/left', 'w').close(); open(os.environ['HOME'] + '/left', 'w').close()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)`)
    expect(first.end).toMatchObject({ kind: 'ended' })
    const second = await run(`
print('left' in sys.modules, '/left' in sys.path, os.environ.get('LEFT'), oct(os.umask(0)), json.dumps([1]))
print(os.listdir(os.environ['HOME']), os.path.exists('/tmp/left'), signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL)
print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:3], os.environ['TMPDIR'], os.getpgid(0) == os.getpid())`)
    expect(second.log).toBe(`False False None 0o22 [1]\n[] False True\n[0, 1, 2] /tmp True\n`)
    await expectUnharmed()
  })

  test('works as a script should: streams by name, programs, threads, processes, temporary files', async () => {
    const { log, end } = await run(`
import multiprocessing, tempfile, threading
open('/dev/stdout', 'a').write('by name\\n')
subprocess.run(['sh', '-c', 'echo program; echo error > /dev/stderr'], check=True)
thread = threading.Thread(target=lambda: print('thread', flush=True)); thread.start(); thread.join()
with multiprocessing.get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]), flush=True)
print(os.path.dirname(tempfile.mkstemp()[1]), os.path.expanduser('~'), __import__('pwd').getpwuid(os.getuid()).pw_name, os.getuid() != 0)`)
    expect(log).toBe(`by name\nprogram\nerror\nthread\n[1, 2]\n/tmp /tmp/home reduction True\n`)
    expect(end).toMatchObject({ exit: { code: 0 }, survivors: 0 })
  })
})
