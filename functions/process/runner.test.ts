import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { runnerDirectory } from './runner-program.ts'
import { openBench, python, runRunner, startRunner, type RunnerResult } from './test-support.ts'

const main = (body: string): string => `def main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`
const fault = (run: RunnerResult): { kind: string; message: string; traceback: string[] } => run.report('fault').fault

const processesWith = async (marker: string): Promise<number> => {
  let count = 0
  for (const entry of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const environment = await readFile(`/proc/${entry}/environ`).catch(() => Buffer.alloc(0))
    if (environment.includes(marker)) count += 1
  }
  return count
}

test('the runner is written in Python 3.8, whatever interpreter an environment has', async () => {
  const parse = `import ast, os, sys
for path in [os.path.join(sys.argv[1], name) for name in os.listdir(sys.argv[1]) if name.endswith('.py')]:
    ast.parse(open(path).read(), path, feature_version=(3, 8))
try:
    ast.parse('match 1:\\n    case 1: pass', feature_version=(3, 8))
except SyntaxError:
    print('newer is refused')`
  const { stdout } = await promisify(execFile)(python(), ['-c', parse, runnerDirectory])
  expect(stdout).toBe('newer is refused\n')
})

describe('the contract of reduce.py', () => {
  test('main gets the input and a directory that ends in a slash, which is the working directory', async () => {
    const run = await runRunner({
      'reduce.py': main(
        'import os\nprint(input_file, output_dir, os.getcwd())\nopen(output_dir + "a.txt", "w").close()',
      ),
    })
    expect(run.log).toBe(`/archive/WISH00044733.nxs ${run.output}/ ${run.output}\n`)
    expect(run.end).toMatchObject({ kind: 'ended', exit: { code: 0 }, stopped: false, endedProcesses: 0, survivors: 0 })
    expect(run.report('returned')).toMatchObject({ directories: [], badReturn: null })
    expect(await readdir(run.output)).toEqual(['a.txt'])
  })

  test('a batch gets a list of paths', async () => {
    const run = await runRunner({ 'reduce.py': main('print(input_file)') }, { inputFile: ['/a.nxs', '/b.nxs'] })
    expect(run.log).toBe("['/a.nxs', '/b.nxs']\n")
  })

  test('the script finds itself, its neighbours and nothing of the runner', async () => {
    const run = await runRunner({
      'reduce.py': `import os, sys, variables, faults, jobs
from package import inner
seen = __name__, os.path.basename(__file__), [os.path.basename(path) for path in sys.argv]
if __name__ == '__main__':
    raise RuntimeError('this is not the example')
${main(`print(seen, variables.mine, faults.mine, jobs.mine, inner.mine)
print([place for place in sys.path if 'runner' in place], os.environ['MPLBACKEND'], os.path.isdir(os.environ['HOME']))
print(sorted(name for name in os.environ if 'secret' in name.lower() or 'url' in name.lower()))`)}`,
      'variables.py': 'mine = 1',
      'faults.py': 'mine = 2',
      'jobs.py': 'mine = 3',
      'package/__init__.py': '',
      'package/inner.py': 'mine = 4',
    })
    expect(run.log).toBe("('reduce', 'reduce.py', ['reduce.py']) 1 2 3 4\n[] Agg True\n[]\n")
  })

  test('web_var and reduce_vars carry the chosen values, under whatever name and at import time too', async () => {
    const run = await runRunner(
      {
        'reduce_vars.py': `standard_vars = {'UB Matrix': (1.0, 2.0), 'flag': True}
advanced_vars = {'bkgd-range-min': 0.5}
def helper(): return 'help'`,
        'reduce.py': `import reduce_vars as web_var
import reduce_vars as other
from reduce_vars import advanced_vars
at_import = web_var.standard_vars['flag']
${main(`print(type(web_var).__name__, web_var.standard_vars, web_var.advanced_vars, web_var.helper())
print(at_import, other.standard_vars is web_var.standard_vars, advanced_vars)`)}`,
      },
      {
        given: [
          { name: 'flag', plain: false },
          { name: 'UB Matrix', plain: [3, 4] },
          { name: 'bkgd-range-min', group: 'advanced', plain: 2 },
        ],
      },
    )
    expect(run.log).toBe(
      "WebVar {'UB Matrix': (3.0, 4.0), 'flag': False} {'bkgd-range-min': 2.0} help\n" +
        "False True {'bkgd-range-min': 2.0}\n",
    )
    expect(run.report('variables').variables.map(({ name, group }) => [name, group])).toEqual([
      ['UB Matrix', 'standard'],
      ['flag', 'standard'],
      ['bkgd-range-min', 'advanced'],
    ])
  })

  test('web_var is there without reduce_vars.py, and empty', async () => {
    const run = await runRunner({ 'reduce.py': main('print(web_var.standard_vars, web_var.advanced_vars)') })
    expect(run.log).toBe('{} {}\n')
  })

  test.for([
    ['None', []],
    ['"/extra"', ['/extra']],
    ['["/extra", "/more"]', ['/extra', '/more']],
    ['__import__("pathlib").Path("/extra")', ['/extra']],
    ['""', []],
  ] as const)('main may return %s', async ([returned, directories]) => {
    const run = await runRunner({ 'reduce.py': main(`return ${returned}`) })
    expect(run.report('returned')).toMatchObject({ directories, badReturn: null })
  })

  test.for(['object()', '7', '{"a": 1}', '["/extra", 3]', 'b"/extra"', '"\\ud800"'])(
    'what cannot be directories is said and harms nothing: %s',
    async (returned) => {
      const run = await runRunner({ 'reduce.py': main(`return ${returned}`) })
      expect(run.report('returned')).toMatchObject({ directories: [] })
      expect(run.report('returned').badReturn).toContain('main returned a value of type')
      expect(run.end).toMatchObject({ exit: { code: 0 } })
    },
  )

  test('both streams of every level are in the log, in order', async () => {
    const run = await runRunner({
      'reduce.py': main(`import os, subprocess, sys
print('python out')
print('python err', file=sys.stderr)
os.write(1, b'descriptor 1\\n')
os.write(2, b'descriptor 2\\n')
subprocess.run(['sh', '-c', 'echo child out; echo child err >&2'])
print(repr(sys.stdin.read()))`),
    })
    expect(run.log).toBe("python out\npython err\ndescriptor 1\ndescriptor 2\nchild out\nchild err\n''\n")
  })

  test('a script and variables of megabytes work', async () => {
    const long = 'ä'.repeat(1_500_000)
    const run = await runRunner(
      {
        'reduce_vars.py': `standard_vars = {'text': ''}`,
        'reduce.py': `# ${long}\n${main(`print(len(web_var.standard_vars['text']))`)}`,
      },
      { given: [{ name: 'text', plain: long }] },
    )
    expect(run.log).toBe('1500000\n')
  })

  test('versions of what the script loaded are reported, Python’s own are not', async () => {
    const run = await runRunner({
      'reduce.py': `import json, mine\n${main('pass')}`,
      'mine.py': '__version__ = "4.2"',
    })
    expect(run.report('returned').modules).toEqual({ mine: '4.2' })
  })
})

describe('what goes wrong has its own sentence', () => {
  test('an exception: its message, the scientist’s line, and no line of ours', async () => {
    const run = await runRunner({
      'reduce.py': `import inner
${main('inner.load(236516)')}`,
      'inner.py': `def load(run):
    raise RuntimeError('vanadium run %d not found' % run)`,
    })
    expect(fault(run)).toEqual({
      kind: 'exception',
      message: 'vanadium run 236516 not found (RuntimeError in inner.py, line 2)',
      traceback: [
        'reduce.py, line 3, in main: inner.load(236516)',
        "inner.py, line 2, in load: raise RuntimeError('vanadium run %d not found' % run)",
      ],
    })
    expect(run.log).toBe(`Traceback (most recent call last):
  File "reduce.py", line 3, in main
    inner.load(236516)
  File "inner.py", line 2, in load
    raise RuntimeError('vanadium run %d not found' % run)
RuntimeError: vanadium run 236516 not found
`)
  })

  test('an exception behind an exception keeps both, without ours', async () => {
    const run = await runRunner({
      'reduce.py': main(`try:
    {}['key']
except KeyError as error:
    raise ValueError('no such bank') from error`),
    })
    expect(run.log).toContain("KeyError: 'key'")
    expect(run.log).toContain('The above exception was the direct cause')
    expect(run.log).not.toMatch(/runner|importlib|\/script\//)
  })

  const cases: readonly (readonly [string, Readonly<Record<string, string>>, string, RegExp])[] = [
    [
      'a key',
      { 'reduce.py': main("{}['UB']") },
      'exception',
      /^The key 'UB' is missing \(KeyError in reduce\.py, line 2\)$/,
    ],
    [
      'no message',
      { 'reduce.py': main('assert 1 == 2') },
      'exception',
      /^AssertionError in reduce\.py, line 2, without/,
    ],
    [
      'syntax',
      { 'reduce.py': 'def main(:\n' },
      'syntax-error',
      /^reduce\.py is not valid Python: invalid syntax in line 1\.$/,
    ],
    [
      'a neighbour’s syntax',
      { 'reduce.py': 'import a\n', 'a.py': 'x = (\n' },
      'syntax-error',
      /^a\.py is not valid Python/,
    ],
    ['a NUL byte', { 'reduce.py': 'x = 1\0\n' }, 'syntax-error', /^reduce\.py is not valid Python: source code/],
    ['no main', { 'reduce.py': 'x = 1' }, 'no-main', /^reduce\.py has no function main/],
    ['a main that is none', { 'reduce.py': 'main = 3' }, 'no-main', /^reduce\.py has no function main/],
    [
      'a main of one parameter',
      { 'reduce.py': 'def main(path): pass' },
      'bad-main',
      /cannot be called as main\(input_file, output_dir\)/,
    ],
    [
      'a missing module',
      { 'reduce.py': 'import mantid.simpleapi\n' },
      'missing-module',
      /^The script imports mantid, .*\(reduce\.py, line 1\)/,
    ],
    [
      'no reduce_vars',
      { 'reduce.py': 'import reduce_vars\n' },
      'missing-module',
      /there is no reduce_vars\.py beside it/,
    ],
    [
      'sys.exit(0)',
      { 'reduce.py': main('import sys; sys.exit(0)') },
      'exit',
      /^The script ended itself with sys\.exit\(0\) \(reduce\.py, line 2\)\. Let main return/,
    ],
    ['sys.exit with words', { 'reduce.py': main('import sys; sys.exit("no beam")') }, 'exit', /sys\.exit\('no beam'\)/],
    ['quit()', { 'reduce.py': main('quit()') }, 'exit', /sys\.exit\(\)/],
    ['memory', { 'reduce.py': main('raise MemoryError()') }, 'out-of-memory', /more memory than there is/],
    [
      'a full disk',
      { 'reduce.py': main('import errno; raise OSError(errno.ENOSPC, "No space left")') },
      'disk-full',
      /disk for the results is full/,
    ],
    ['no script', { 'other.py': '' }, 'no-script', /^There is no reduce\.py\.$/],
    [
      'variables that raise',
      { 'reduce_vars.py': '1/0', 'reduce.py': main('pass') },
      'exception',
      /ZeroDivisionError in reduce_vars\.py, line 1/,
    ],
    [
      'variables that are no dictionary',
      { 'reduce_vars.py': 'standard_vars = [1]', 'reduce.py': main('pass') },
      'bad-variables',
      /^standard_vars in reduce_vars\.py must be a dictionary/,
    ],
    [
      'an exception that cannot be printed',
      { 'reduce.py': `class Bad(Exception):\n    def __str__(self): raise ValueError('x')\n${main('raise Bad()')}` },
      'exception',
      /^Bad in reduce\.py, line 4, without a message/,
    ],
    ['a lone surrogate', { 'reduce.py': main('raise ValueError("\\ud800")') }, 'exception', /ud800.*ValueError/],
  ]
  test.for(cases)('%s', async ([, files, kind, message]) => {
    const run = await runRunner(files)
    expect(fault(run)).toMatchObject({ kind })
    expect(fault(run).message).toMatch(message)
    expect(run.end).toMatchObject({ kind: 'ended', exit: { code: 1 } })
    expect(run.log).not.toContain('_autoreduction_runner')
  })

  test('an endless message is shortened', async () => {
    const run = await runRunner({ 'reduce.py': main("raise ValueError('x' * 10_000_000)") })
    expect(fault(run).message.length).toBeLessThan(2_100)
  })

  test.for([
    ['os._exit(3)', { code: 3 }],
    ['os.kill(os.getpid(), 11)', { signal: 'SIGSEGV' }],
    ['os.kill(os.getpid(), 9)', { signal: 'SIGKILL' }],
    ['os.abort()', { signal: 'SIGABRT' }],
    ['import ctypes; ctypes.string_at(0)', { signal: 'SIGSEGV' }],
  ] as const)('%s is told by how the process ended', async ([code, exit]) => {
    const run = await runRunner({ 'reduce.py': `import os\n${main(code)}` })
    expect(run.end).toMatchObject({ kind: 'ended', exit, stopped: false })
    expect(await readdir(run.output)).toEqual([])
  })

  test('a crash while Python shuts down is seen although main returned', async () => {
    const run = await runRunner({
      'reduce.py': `import atexit, os\n${main('atexit.register(os.abort)\nreturn None')}`,
    })
    expect(run.report('returned').kind).toBe('returned')
    expect(run.end).toMatchObject({ exit: { signal: 'SIGABRT' } })
  })

  test('an interpreter that is not there', async () => {
    const run = await runRunner({ 'reduce.py': '' }, { interpreter: '/nowhere/python' })
    expect(run.end).toMatchObject({ kind: 'not-started', cause: expect.stringContaining('ENOENT') })
  })

  test('an interpreter that is no Python', async () => {
    const run = await runRunner({ 'reduce.py': '' }, { interpreter: '/bin/false' })
    expect(run.end).toMatchObject({ kind: 'not-started' })
  })
})

describe('values that a person gave', () => {
  const vars = `standard_vars = {'banks': [1, 2], 'Scale': 1.5, 'name': '1', 'same': 1}
advanced_vars = {'same': 2, 'range': (1, 2)}`
  const refused = async (given: NonNullable<Parameters<typeof runRunner>[1]>['given']): Promise<string> => {
    const run = await runRunner({ 'reduce_vars.py': vars, 'reduce.py': main('pass') }, { given })
    expect(fault(run).kind).toBe('bad-variables')
    return fault(run).message
  }

  test('a name the script does not have is named, with the nearest it has', async () => {
    expect(await refused([{ name: 'bank', plain: 1 }])).toBe('The script has no variable “bank”. Did you mean “banks”?')
    expect(await refused([{ name: 'scale', plain: 1 }])).toContain('Did you mean “Scale”')
    expect(await refused([{ name: 'zzz', plain: 1 }])).toBe(
      'The script has no variable “zzz”. It has: “banks”, “Scale”, “name”, “same”, “same”, “range”.',
    )
    expect(await refused([{ name: 'banks', group: 'advanced', plain: 1 }])).toContain('among its advanced variables')
  })

  test('a name that both groups have asks which', async () => {
    expect(await refused([{ name: 'same', plain: 1 }])).toContain('say which is meant')
  })

  test('typed values come as they are, plain ones like the script’s own', async () => {
    const run = await runRunner(
      { 'reduce_vars.py': vars, 'reduce.py': main('print(web_var.standard_vars, web_var.advanced_vars)') },
      {
        given: [
          { name: 'banks', typed: { type: 'tuple', items: [{ type: 'integer', value: '9'.repeat(30) }] } },
          { name: 'Scale', plain: 2 },
          { name: 'name', plain: '1' },
          { name: 'same', group: 'advanced', plain: null },
          { name: 'range', plain: [3, 4] },
        ],
      },
    )
    expect(run.log).toBe(
      `{'banks': (${'9'.repeat(30)},), 'Scale': 2.0, 'name': '1', 'same': 1} {'same': None, 'range': (3, 4)}\n`,
    )
  })
})

describe('nothing outlives a script', () => {
  test('what it left running is ended and counted', async () => {
    const run = await startRunner({
      'reduce.py': main(`import os, subprocess
subprocess.Popen(['sleep', '600'])
subprocess.Popen(['sleep', '600'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execvp('sleep', ['sleep', '600'])
    os._exit(0)
os.wait()`),
    })
    expect(await run.script.ended).toMatchObject({ exit: { code: 0 }, endedProcesses: 3, survivors: 0 })
    expect(await processesWith(run.marker)).toBe(0)
  })

  test('it and its children end at once when asked, whatever signals they ignore', async () => {
    const run = await startRunner({
      'reduce.py': main(`import os, signal, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)
if os.fork() == 0: os.setsid()
print('hanging')
while True: time.sleep(1)`),
    })
    await expect.poll(() => run.log().match(/hanging/g)).toHaveLength(2)
    run.script.end()
    expect(await run.script.ended).toMatchObject({ kind: 'ended', stopped: true, exit: { signal: 'SIGKILL' } })
    expect(await processesWith(run.marker)).toBe(0)
  })

  test('a script that forks without end is ended', async () => {
    const run = await startRunner({
      'reduce.py': main(`import os, time
print('forking', flush=True)
for _ in range(60):
    if os.fork() == 0:
        while True:
            if os.fork() == 0: time.sleep(0.01)
            else: time.sleep(0.01)
            if int(time.time() * 1000) % 3: time.sleep(600)
time.sleep(600)`),
    })
    await expect.poll(run.log).toContain('forking')
    run.script.end()
    expect(await run.script.ended).toMatchObject({ kind: 'ended', stopped: true, survivors: 0 })
    expect(await processesWith(run.marker)).toBe(0)
  })

  test('a script that kills its supervisor ends with it, and so does what it had sent away', async () => {
    const run = await startRunner({
      'reduce.py': main(`import os, subprocess, time
subprocess.Popen(['sleep', '600'], start_new_session=True)
os.kill(os.getppid(), 9)
time.sleep(600)`),
    })
    expect(await run.script.ended).toEqual({ kind: 'runner-lost' })
    await vi.waitFor(async () => expect(await processesWith(run.marker)).toBe(0), { timeout: 20_000 })
  })

  test('a forked copy that comes back from main says nothing for the original', async () => {
    const run = await runRunner({
      'reduce.py': main(`import os
if os.fork() == 0: return ['/forged']
os.wait()
return ['/true']`),
    })
    expect(run.report('returned').directories).toEqual(['/true'])
  })

  test('what looks like the supervisor’s words is only log', async () => {
    const forged = '{"event": "ended", "stopped": true, "exit": {"code": 0}}'
    const run = await runRunner({
      'reduce.py': main(`import os
print('${forged}')
for number in range(3, 20):
    try: os.write(number, b'${forged}\\n')
    except OSError: pass
raise ValueError('true end')`),
    })
    expect(run.end).toMatchObject({ stopped: false, exit: { code: 1 } })
    expect(fault(run).message).toContain('true end')
    expect(run.log).toContain(forged)
  })

  test('a core dump is not written into the results', async () => {
    const run = await runRunner({
      'reduce.py': main(`import os, resource
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
os.abort()`),
    })
    expect(run.log).toContain('0\n')
    expect(await readFile(join(run.output, 'core')).catch(() => 'none')).toBe('none')
  })
})

test('what lies too deep for a path in its HOME is removed with it', async () => {
  const bench = await openBench('plain')
  try {
    await runRunner(
      {
        'reduce.py': `import os
def main(input_file, output_dir):
    os.chdir(os.environ['HOME'])
    for depth in range(30):
        os.mkdir('d' * 200)
        os.chdir('d' * 200)
`,
      },
      { bench },
    )
    expect((await readdir(bench.scratch.directory)).filter((name) => name !== 'owner.json')).toEqual([])
  } finally {
    await bench.close()
  }
})
