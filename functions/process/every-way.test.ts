import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PreparedLauncher } from './launch-prepared.ts'
import { decideOutcome } from './outcome.ts'
import { runnerDirectory } from './runner-program.ts'
import {
  changeablePackage,
  openBench,
  runRunner,
  startRunner,
  testEnvironment,
  type Bench,
  type RunnerResult,
  type Way,
} from './test-support.ts'

/** What a scientist relies on does not depend on how their script is run. `prepared`: with its modules imported before it came. */

const main = (body: string): string => `def main(input_file, output_dir):\n${body.replaceAll(/^/gm, '    ')}\n`
const imports = ['numpy', 'h5py', 'matplotlib.pyplot']

describe.each<Way>(['plain', 'bubblewrap', 'prepared', 'ahead'])('%s', (way) => {
  let bench: Bench
  beforeAll(async () => {
    bench = await openBench(way)
  })
  afterAll(() => bench.close())

  const run = (files: Parameters<typeof runRunner>[0], options: Parameters<typeof runRunner>[1] = {}) =>
    runRunner(files, {
      bench,
      software: testEnvironment(way === 'prepared' || way === 'ahead' ? { imports } : {}),
      ...options,
    })

  const sentence = ({ end, report }: RunnerResult, isFault = false): string => {
    const limits = { wallSeconds: 60, outputBytes: 1, outputFiles: 1, memoryBytes: 1, processes: 1 }
    const told = isFault ? report('fault') : undefined
    return decideOutcome({ stop: undefined, end, report: told, limits, environment: 'Python 3' }).reason ?? ''
  }

  test('the script knows itself and where it is', async () => {
    const { log, output } = await run({
      'reduce.py': `import os, sys
at_import = __name__, __file__ == sys.argv[0], sys.argv[1:], os.getcwd()
${main(`print(at_import, os.path.basename(__file__), sys.path[0] == os.path.dirname(__file__), os.getcwd(), output_dir)
import __main__
print(hasattr(__main__, 'main'), [name for name in sys.modules if name == 'reduce' or name.startswith('runner')])`)}`,
    })
    expect(log).toBe(`('reduce', True, [], '${output}') reduce.py True ${output} ${output}/\nFalse ['reduce']\n`)
  })

  test('pictures are drawn without a screen', async () => {
    const { log, output } = await run({
      'reduce.py': `import matplotlib, matplotlib.pyplot as plot
${main(`plot.plot([1, 2], [3, 4])
plot.savefig(output_dir + 'picture.png')
print(matplotlib.get_backend().lower())`)}`,
    })
    expect(log).toBe('agg\n')
    expect((await readFile(join(output, 'picture.png'))).subarray(1, 4).toString()).toBe('PNG')
  })

  test('an exception is told in the scientist’s own lines, at import and in main', async () => {
    const inMain = await run({
      'reduce.py': `import inner\n${main('inner.load()')}`,
      'inner.py': `def load():\n    raise ValueError('no vanadium')`,
    })
    expect(inMain.log).toBe(`Traceback (most recent call last):
  File "reduce.py", line 3, in main
    inner.load()
  File "inner.py", line 2, in load
    raise ValueError('no vanadium')
ValueError: no vanadium
`)
    const atImport = await run({ 'reduce.py': 'import inner\n', 'inner.py': '\n1 / 0\n' })
    expect(atImport.log).toMatch(/^Traceback .*\n {2}File "reduce.py", line 1, in <module>\n/)
    expect(atImport.log).toContain('File "inner.py", line 2, in <module>')
    expect(atImport.log).not.toMatch(/runner|importlib|\/script\//)
  })

  test.for([
    ['def main(:\n', /^reduce\.py is not valid Python: .* in line 1\.$/],
    ['x = 1\n', /^reduce\.py has no function main\(input_file, output_dir\)/],
    ['import nowhere.deeper\n', /^The script imports nowhere, which is neither beside it nor in this software/],
    [main('import sys; sys.exit(3)'), /^The script ended itself with sys\.exit\(3\) \(reduce\.py, line 2\)/],
    [main("import sys; sys.exit('no beam')"), /sys\.exit\('no beam'\)/],
    [main('raise SystemExit'), /^The script ended itself with sys\.exit\(\)/],
    [main('kept = []\nwhile True: kept.append(bytearray(16 * 1024 * 1024))'), /asked for more memory than there is/],
  ] as const)('what goes wrong has its own sentence: %s', async ([script, expected]) => {
    const result = await run({ 'reduce.py': script }, { limits: { memoryBytes: 600 * 1024 ** 2 } })
    expect(sentence(result, true)).toMatch(expected)
    expect(result.end).toMatchObject({ kind: 'ended', exit: { code: 1 }, crashedIn: null })
  })

  test.for([
    [
      'class Path:\n    def __fspath__(self): raise KeyError("no path")',
      'return Path()',
      "The key 'no path' is missing",
    ],
    ['class Text(str):\n    def encode(self, *_): raise ValueError("no text")', 'return Text("/a")', 'no text'],
    ['class Places(list):\n    def __iter__(self): raise SystemExit(0)', 'return Places()', 'sys.exit(0)'],
    ['def __getattr__(name): raise ValueError("no " + name)\n', null, 'no main'],
    ['class Mine(BaseException):\n    def __str__(self): raise KeyboardInterrupt', 'raise Mine', 'Mine in reduce.py'],
    ['class Mine(Exception):\n    __notes__ = property(lambda self: 1 / 0)', 'raise Mine("told")', 'Mine in reduce.py'],
    ['class Mine(OSError):\n    errno = property(lambda self: 1 / 0)', 'raise Mine("told")', 'Mine in reduce.py'],
    ['', 'raise SyntaxError("mine", (123, 1, 1, ""))', 'SyntaxError in reduce.py'],
    [
      'class Stream:\n    def flush(self): raise RuntimeError\n    write = flush',
      'sys.stdout = sys.stderr = Stream()\n1 / 0',
      'division by zero',
    ],
  ] as const)('what cannot be looked at is told nevertheless: %s %s', async ([before, body, expected]) => {
    const result = await run({ 'reduce.py': `import sys\n${before}\n${body === null ? '' : main(body)}` })
    expect(sentence(result, true)).toContain(expected)
    expect(result.log).not.toContain('_autoreduction_runner')
  })

  test('a module that does not say what it is fails no script', async () => {
    const result = await run({
      'reduce.py': `import sys\nclass Odd:\n    __dict__ = property(lambda self: 1 / 0)\n${main('sys.modules["odd"] = Odd()')}`,
    })
    expect(result.report('returned')).toMatchObject({ directories: [], badReturn: null })
    expect(result.end).toMatchObject({ exit: { code: 0 } })
  })

  test('a neighbour may have the name of a module of Python’s, and what fails is told all the same', async () => {
    // Not `select`: Debian's interpreter has it built in, and what is built in comes before any folder.
    const names = ['json', 'traceback', 'linecache', 'difflib', 'signal', 'struct', 'resource']
    const result = await run({
      'reduce.py': `import ${names.join(', ')}\n${main(`print([one.mine for one in (${names.join(', ')})])\n1 / 0`)}`,
      ...Object.fromEntries(names.map((name) => [`${name}.py`, `mine = '${name}'\n`])),
    })
    expect(result.log).toContain(`['${names.join("', '")}']`)
    expect(result.log).toContain('  File "reduce.py", line 4, in main')
    expect(sentence(result, true)).toBe('division by zero (ZeroDivisionError in reduce.py, line 4)')
  })

  test('a crash in native code is told with the line of the script that called it', async () => {
    const result = await run({
      'reduce.py': `import ctypes, inner\n${main(`print('before')\ninner.crash()`)}`,
      'inner.py': 'import ctypes\ndef crash():\n    ctypes.string_at(0)\n',
    })
    expect(result.end).toMatchObject({ exit: { signal: 'SIGSEGV' }, crashedIn: 'inner.py, line 3' })
    expect(sentence(result)).toContain('(segmentation fault), in a library')
    expect(sentence(result)).toContain('called in inner.py, line 3;')
    expect(result.log).toMatch(/^before\n\nFatal Python error: Segmentation fault\n\nCurrent thread .*\n/)
    expect(result.log).toContain('\n  File "inner.py", line 3 in crash\n  File "reduce.py", line 4 in main\n')
    expect(result.log).not.toContain(runnerDirectory)
    expect(result.log).not.toContain('Extension modules')
  })

  test('one killed from outside, and one that ends its own process, are no crash', async () => {
    const killed = await run({ 'reduce.py': main('import os; os.kill(os.getpid(), 9)') })
    expect(killed.end).toMatchObject({ exit: { signal: 'SIGKILL' }, crashedIn: null })
    expect(sentence(killed)).toMatch(/^The script was killed from outside, most likely .* ran out of memory/)
    const ended = await run({ 'reduce.py': main('import os; os._exit(3)') })
    expect(sentence(ended)).toMatch(/^The script ended its own process with status 3/)
    // A worker of the script that crashed is in the log; what becomes of the script is its own affair.
    const worker = await run({
      'reduce.py': `import ctypes, os
${main('if os.fork() == 0: ctypes.string_at(0)\nos.wait()')}`,
    })
    expect(worker.end).toMatchObject({ exit: { code: 0 }, crashedIn: null })
    expect(worker.log).toContain('File "reduce.py", line 3 in main')
  })

  test('a script that is cancelled while it is being started ends at once', async () => {
    const software = testEnvironment(way === 'prepared' || way === 'ahead' ? { imports: ['json'] } : {})
    await run({ 'reduce.py': main('pass') }, { software })
    const cancelled = Array.from({ length: 12 }, async (_, place) => {
      const { script } = await startRunner(
        { 'reduce.py': `import time\n${main('time.sleep(600)')}` },
        { bench, software },
      )
      await wait(20 + place * 4)
      const began = performance.now()
      script.end()
      // Or it never came so far.
      const end = await script.ended
      if (end.kind !== 'not-started') expect(end).toMatchObject({ stopped: true, endedProcesses: 0, survivors: 0 })
      return performance.now() - began
    })
    expect(Math.max(...(await Promise.all(cancelled)))).toBeLessThan(4_500)
  })

  test('a script, a neighbour and variables of megabytes work', async () => {
    const long = 'ä'.repeat(2_000_000)
    const { log } = await run(
      {
        'reduce_vars.py': `standard_vars = {'text': '', 'numbers': [0]}`,
        'reduce.py': `# ${long}\nimport table\n${main(`print(len(web_var.standard_vars['text']), sum(web_var.standard_vars['numbers']), len(table.rows))`)}`,
        'table.py': `rows = [\n${'    (1.0, 2.0, 3.0),\n'.repeat(40_000)}]\n`,
      },
      {
        given: [
          { name: 'text', plain: long },
          { name: 'numbers', plain: Array.from({ length: 100_000 }, () => 1) },
        ],
      },
    )
    expect(log).toBe('2000000 100000 40000\n')
  })
})

describe('a prepared interpreter', () => {
  test('is started anew when a package of its environment was changed, and never before', async () => {
    const bench = await openBench('prepared')
    try {
      const { interpreter, install } = await changeablePackage(bench.directory)
      await install('1.0')
      const software = testEnvironment({ interpreter, imports: ['measured'] })
      const script = { 'reduce.py': `import os, measured\n${main(`print(measured.__version__, os.environ['HOME'])`)}` }
      const loaded = async () => {
        const one = await runRunner(script, { bench, software })
        return { log: one.log.split(' ')[0], modules: one.report('returned').modules }
      }
      expect(await loaded()).toEqual({ log: '1.0', modules: { measured: '1.0' } })
      const first = await preparedPids(bench)
      expect(await loaded()).toEqual({ log: '1.0', modules: { measured: '1.0' } })
      expect(await preparedPids(bench)).toEqual(first)
      await install('2.0')
      expect(await loaded()).toEqual({ log: '2.0', modules: { measured: '2.0' } })
      // The old one has gone when its last reduction had.
      await expect.poll(async () => (await preparedPids(bench)).filter((pid) => first.includes(pid))).toEqual([])
      expect(await preparedPids(bench)).toHaveLength(first.length)
    } finally {
      await bench.close()
    }
  })

  test.each([
    ['the interpreter itself', 0],
    ['the one beside it that makes worlds', 1],
  ])('takes its scripts along when it is killed (%s), and is followed by another', async (_who, place) => {
    const bench = await openBench('prepared')
    try {
      const software = testEnvironment({ imports: ['json'] })
      await runRunner({ 'reduce.py': main('pass') }, { bench, software })
      const pair = await preparedPids(bench)
      const started = await startRunner(
        { 'reduce.py': `import time\n${main(`print('here', flush=True)\ntime.sleep(600)`)}` },
        { bench, software },
      )
      await expect.poll(started.log).toContain('here')
      process.kill(Number(pair[place]), 'SIGKILL')
      expect(await started.script.ended).toEqual({ kind: 'runner-lost' })
      await expect.poll(() => preparedPids(bench)).toEqual([])
      const next = await runRunner({ 'reduce.py': main(`print('well')`) }, { bench, software })
      expect(next.log).toBe('well\n')
    } finally {
      await bench.close()
    }
  })

  test('lets what runs come to its end when it is retired, and whoever has just connected', async () => {
    const bench = await openBench('prepared')
    try {
      const software = testEnvironment({ imports: ['json'] })
      const running = await startRunner(
        {
          'reduce.py': `import os, time\n${main(`print('here', flush=True)\nwhile not os.path.exists(output_dir + 'go'): time.sleep(0.02)`)}`,
        },
        { bench, software },
      )
      await expect.poll(running.log).toContain('here')
      const makesWorlds = Number((await preparedPids(bench))[1])
      // Both come to it at one moment.
      process.kill(makesWorlds, 'SIGSTOP')
      const connecting = await startRunner({ 'reduce.py': main(`print('late')`) }, { bench, software })
      // Both have happened by then; on a machine where they have not, this tries less.
      await wait(300)
      ;(bench.launcher as PreparedLauncher).keepOnly([])
      await wait(100)
      process.kill(makesWorlds, 'SIGCONT')
      expect(await connecting.script.ended).toMatchObject({ kind: 'ended', exit: { code: 0 } })
      expect(connecting.log()).toBe('late\n')
      await writeFile(join(running.output, 'go'), '')
      expect(await running.script.ended).toMatchObject({ kind: 'ended', exit: { code: 0 } })
      await expect.poll(() => preparedPids(bench)).toEqual([])
    } finally {
      await bench.close()
    }
  })
})

/** The older first: an interpreter, the one that makes worlds for it, and what these have forked. */
const preparedPids = async ({ scratch }: Bench): Promise<readonly string[]> => {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const [arguments_, environment] = await Promise.all(
      ['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')),
    )
    if (arguments_?.includes('\0zygote\0') && environment?.includes(`TMPDIR=${scratch.directory}\0`)) found.push(pid)
  }
  return found.toSorted((left, right) => Number(left) - Number(right))
}
