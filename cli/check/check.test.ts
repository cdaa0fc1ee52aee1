import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { z } from 'zod'

const program = join(import.meta.dirname, '..', 'main.ts')
const python = (): string => inject('python')

const folderWith = async (files: Readonly<Record<string, string | Buffer>>): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'check-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

type Called = { readonly code: number; readonly out: string; readonly err: string }
// What the command keeps between calls is kept for this file.
const kept = mkdtempSync(join(tmpdir(), 'check-kept-'))
afterAll(() => rm(kept, { recursive: true, force: true, maxRetries: 3 }))
/** An empty setting is one that is not given, as make passes it on. */
const env = { ...process.env, ENVIRONMENTS_FILE: '', TMPDIR: kept }
const call = (...args: readonly string[]): Promise<Called> =>
  new Promise((resolve) => {
    execFile(process.execPath, [program, ...args], { maxBuffer: 64 * 1024 * 1024, env }, (fault, out, err) =>
      resolve({ code: fault === null ? 0 : Number(fault.code), out, err }),
    )
  })

const problemSchema = z.object({
  severity: z.enum(['error', 'warning']),
  kind: z.string(),
  file: z.string(),
  line: z.number().nullable(),
  variable: z.string().nullable(),
  message: z.string(),
})
/** The shape that cli/README.md promises. */
const reportSchema = z.strictObject({
  format: z.literal('autoreduce-check/1'),
  folder: z.string(),
  python: z.strictObject({ interpreter: z.string(), version: z.string() }),
  isSound: z.boolean(),
  problems: z.array(problemSchema.strict()),
  variables: z
    .array(
      z.union([
        z.strictObject({
          group: z.enum(['standard', 'advanced']),
          name: z.string(),
          type: z.string(),
          value: z.unknown(),
          python: z.string(),
          help: z.string().optional(),
        }),
        z.strictObject({ group: z.enum(['standard', 'advanced']), name: z.string(), fault: z.string() }),
      ]),
    )
    .nullable(),
  standard_vars: z.record(z.string(), z.unknown()).nullable(),
  advanced_vars: z.record(z.string(), z.unknown()).nullable(),
  variable_help: z.unknown(),
  files: z.array(z.strictObject({ name: z.string(), sha256: z.string(), sizeBytes: z.number() })),
  run: z
    .strictObject({
      state: z.string(),
      reason: z.string().nullable(),
      seconds: z.number(),
      output: z.string(),
      outputs: z.array(z.looseObject({ path: z.string() })),
      remarks: z.array(z.string()),
    })
    .optional(),
})

const checkJson = async (files: Readonly<Record<string, string | Buffer>>, ...more: readonly string[]) => {
  const folder = await folderWith(files)
  const called = await call('check', folder, '--json', '--python', python(), ...more)
  return { ...called, folder, report: reportSchema.parse(JSON.parse(called.out)) }
}

const main = 'def main(input_file, output_dir):\n    pass\n'

/** Files as instrument scientists write them. */
const declarations: Readonly<Record<string, string | Buffer>> = {
  'Windows line ends and tabs': 'standard_vars = {\r\n\t"a": 1,\r\n\t"b": [1.0, 2],\r\n}\r\n',
  'a byte order mark': Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('standard_vars = {"å": "µ"}\n')]),
  'latin-1 that says so': Buffer.from('# -*- coding: latin-1 -*-\nstandard_vars = {"angle": "90\xb0"}\n', 'latin1'),
  'nothing at all': '',
  'ordered and nested': `from __future__ import print_function
from collections import OrderedDict
standard_vars = OrderedDict([('z', OrderedDict([('b', (1, 'two', [None, {}])), ('a', -0.0)])), ('a', {1: 'one', (1, 2): True})])
advanced_vars = {}`,
  'values computed when it is loaded': `import math, os
banks = range(1, 4)
standard_vars = {'bank_%d' % bank: [round(math.sin(bank), 6)] * bank for bank in banks}
standard_vars['name'] = os.path.splitext(os.path.basename('/a/b.nxs'))[0]
def limits():
    return 10 ** 200, 1e22, 0.1 + 0.2
advanced_vars = dict(zip(('big', 'large', 'sum'), limits()))
print('loaded')`,
  'numpy scalars': `import numpy as np
standard_vars = {'mean': float(np.mean([1.5, 2.5])), 'list': np.linspace(0, 1, 5).tolist(), 'scalar': np.float64(0.1), 'n': np.int32(3)}`,
  'text of many kinds': `standard_vars = {
  'UB Matrix': '-3,-5,-4,-5.0', 'bkgd-range-min': '1', 'comma': 'hello, world', 'quotes': 'it\\'s "so"',
  'raw': r'\\\\isis\\inst$\\NDX', 'lines': """first
second\\tthird""", 'unicode': 'Å µ 中 😀', 'control': '\\x00\\x1b', 'false': False, 'none': None, 'empty': '', 'hex': 0xff}
variable_help = {'standard_vars': {'comma': 'A\\nlonger help'}, 'advanced_vars': {}}`,
  'advanced alone': 'advanced_vars = {"a": 1}\nstandard_vars = None',
  'a file to be fetched': `standard_vars = {'mask_file': {'url': 'https://raw.githubusercontent.com/x/', 'default': 'm.txt'}}`,
}

/** What Python itself says of the values: `repr`, and JSON. */
const pythonSays = (folder: string): unknown =>
  JSON.parse(
    execFileSync(
      python(),
      [
        '-B',
        '-c',
        `import sys, json, contextlib
sys.path.insert(0, sys.argv[1])
with contextlib.redirect_stdout(sys.stderr):
    import reduce_vars
def plain(value):
    if hasattr(value, 'item'): value = value.item()
    if isinstance(value, dict): return {k if isinstance(k, str) else repr(k): plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value
groups = [getattr(reduce_vars, name, None) or {} for name in ('standard_vars', 'advanced_vars')]
print(json.dumps([json.dumps(plain(group)) for group in groups]))`,
        folder,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    ),
  )

describe('autoreduce check', { timeout: 240_000 }, () => {
  it.each(Object.entries(declarations))('gives the values that importing gives: %s', async (_, source) => {
    const { report, code, folder, out } = await checkJson({ 'reduce.py': main, 'reduce_vars.py': source })
    expect([code, report.problems.filter(({ severity }) => severity === 'error')]).toEqual([0, []])
    // Compared as text that Python reads again: neither side may round.
    const compare = `import sys, json
said = json.load(sys.stdin)
ours = json.loads(said[0])
for group, theirs in zip(('standard_vars', 'advanced_vars'), said[1]):
    assert json.dumps(ours[group]) == json.dumps(json.loads(theirs)), (ours[group], theirs)`
    execFileSync(python(), ['-c', compare], { input: JSON.stringify([out, pythonSays(folder)]) })
    // And as Python, where types differ that JSON does not tell.
    const types = `import sys, json
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from collections import OrderedDict
out, sys.stdout = sys.stdout, sys.stderr
import reduce_vars
for one in json.load(sys.stdin)['variables']:
    value = getattr(reduce_vars, one['group'] + '_vars')[one['name']]
    value = value.item() if hasattr(value, 'item') else value
    assert repr(eval(one['python'])) == repr(value), (one, value)`
    execFileSync(python(), ['-c', types, folder], { input: out, stdio: ['pipe', 'ignore', 'inherit'] })
  })

  it('tells each value that no form can hold, and still gives the others', async () => {
    const { report, code } = await checkJson({
      'reduce.py': main,
      'reduce_vars.py':
        "standard_vars = {'a': 1, 'gain': float('nan'), 'runs': range(3)}\nadvanced_vars = {'mask': {1}, 7: 1}",
    })
    expect(code).toBe(1)
    expect(report.standard_vars).toEqual({ a: 1 })
    expect(report.variables?.map((one) => [one.group, one.name, 'fault' in one])).toEqual([
      ['standard', 'a', false],
      ['standard', 'gain', true],
      ['standard', 'runs', true],
      ['advanced', 'mask', true],
      ['advanced', '7', true],
    ])
    expect(report.problems.map(({ kind, variable }) => [kind, variable])).toEqual([
      ['bad-variable', 'gain'],
      ['bad-variable', 'runs'],
      ['bad-variable', 'mask'],
      ['bad-variable', '7'],
    ])
    expect(report.problems[1]?.message).toContain('list(')
  })

  it.each<readonly [string, Readonly<Record<string, string | Buffer>>, readonly (readonly [string, number | null])[]]>([
    ['no script', { 'reduce_vars.py': 'standard_vars = {"a": 1}' }, [['no-script', null]]],
    ['an empty one', { 'reduce.py': '\n' }, [['no-script', null]]],
    ['no main', { 'reduce.py': 'def reduce(a, b): pass\n' }, [['no-main', null]]],
    ['a main of one', { 'reduce.py': 'def main(only): pass\n' }, [['bad-main', 1]]],
    ['a main of three', { 'reduce.py': 'def main(a, b, c): pass\n' }, [['bad-main', 1]]],
    ['Python 2', { 'reduce.py': `${main}    print "old"\n` }, [['syntax-error', 3]]],
    ['tabs that lie', { 'reduce.py': 'def main(a, b):\n        x = 1\n\ty = 2\n' }, [['tabs', 3]]],
    ['an unknown encoding', { 'reduce.py': `# coding: klingon\n${main}` }, [['encoding', 1]]],
    ['another encoding than it says', { 'reduce.py': Buffer.from(`${main}# 90\xb0\n`, 'latin1') }, [['encoding', 3]]],
    [
      'a missing module',
      { 'reduce.py': `import os\nfrom mantid.simpleapi import *\n${main}` },
      [['missing-module', 2]],
    ],
    ['variables in Python 2', { 'reduce.py': main, 'reduce_vars.py': 'print "x"' }, [['syntax-error', 1]]],
    [
      'variables that import Mantid',
      { 'reduce.py': main, 'reduce_vars.py': 'import mantid\nstandard_vars = {}' },
      [['missing-module', 1]],
    ],
    [
      'variables that fail',
      { 'reduce.py': main, 'reduce_vars.py': 'standard_vars = {"a": 1 / 0}' },
      [['variables-unreadable', 1]],
    ],
    [
      'variables that are a list',
      { 'reduce.py': main, 'reduce_vars.py': 'standard_vars = [1]' },
      [['variables-unreadable', null]],
    ],
  ])('finds %s', async (_, files, expected) => {
    const { report, code } = await checkJson(files)
    expect(code).toBe(1)
    expect(report.isSound).toBe(false)
    const errors = report.problems.filter(({ severity }) => severity === 'error')
    expect(errors.map(({ kind, line }) => [kind, line])).toEqual(expected)
  })

  it('gives the variables also where the script itself is broken', async () => {
    const { report } = await checkJson({ 'reduce.py': 'def main(:', 'reduce_vars.py': 'standard_vars = {"a": 1}' })
    expect(report.standard_vars).toEqual({ a: 1 })
  })

  it('warns of what will surprise, and calls it sound', async () => {
    const { report, code } = await checkJson({
      'reduce.py': `import reduce_vars as web_var
try:
    import mslice
except ImportError:
    mslice = None
def main(input_file, output_dir, more=None):
    import lmfit
    print(__file__, web_var.standard_vars['widht'], '\\d')
if __name__ == '__main__':
    import mantid
`,
      'reduce_vars.py': `from neighbour import width
standard_vars = {'width': width}
variable_help = {'standard_vars': {'wide': 'x'}}`,
      'neighbour.py': 'width = 2',
      'cycle_mapping.yaml': '',
    })
    expect(code).toBe(0)
    expect(report.files.map(({ name }) => name)).toEqual(['reduce.py', 'reduce_vars.py', 'neighbour.py'])
    expect(report.problems.map(({ severity, kind, line }) => [severity, kind, line])).toEqual([
      ['warning', 'suspicious', 8],
      ['warning', 'files-left-behind', 8],
      ['warning', 'missing-module', 7],
      ['warning', 'help', null],
      ['warning', 'unknown-variable', 8],
    ])
    expect(report.problems[1]?.message).toContain('cycle_mapping.yaml')
    expect(report.problems[4]?.message).toContain('Is width meant?')
  })

  it('says in words what it cannot check, and ends with 2', async () => {
    const folder = await folderWith({ 'reduce.py': main })
    const cases: readonly (readonly [readonly string[], string])[] = [
      [['check', join(folder, 'none')], 'is not a folder that can be read'],
      [['check', await folderWith({})], 'has neither reduce.py nor reduce_vars.py'],
      [['check', folder, '--python', 'no-such-python'], 'there is no such program'],
      [['check', folder, '--pyhton', 'x'], "Unknown option '--pyhton'"],
      [['check', folder, '--output', 'x'], '--output is for --run FILE'],
      [['check', folder, '--software', 'Mantid'], '--software needs the list of environments'],
      [['check', folder, '--python', python(), '--run', join(folder, 'none.nxs')], 'is not there'],
      [['chekc'], 'There is no command “chekc”'],
    ]
    for (const [args, sentence] of cases) {
      const called = await call(...args)
      expect([called.code, called.err]).toEqual([2, expect.stringContaining(sentence)])
    }
    const json = await call('check', join(folder, 'none'), '--json')
    expect(JSON.parse(json.out)).toMatchObject({ format: 'autoreduce-check/1', fault: expect.any(String) })
  })

  it('shows people the same', async () => {
    const folder = await folderWith({
      'reduce.py': main,
      'reduce_vars.py': `standard_vars = {'UB Matrix': [1, 0.5]}\nvariable_help = {'standard_vars': {'UB Matrix': 'a, b, c'}}`,
    })
    const { out, code } = await call('check', folder, '--python', python())
    expect(code).toBe(0)
    expect(out).toMatch(/UB Matrix {2}list {2}\[1, 0\.5\]\n +a, b, c\n/)
    expect(out).toContain('Sound.')
  })

  it('runs a script on a file as the service does, with other variables and their files', async () => {
    const server = createServer((_, response) => response.end('spectra 1-5'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const files = {
      'reduce.py': `import os
def main(input_file, output_dir):
    print('reducing', os.path.basename(input_file), web_var.standard_vars['width'], web_var.standard_vars['mask_file']['value'])
    open(output_dir + 'result.txt', 'w').write(open(input_file).read())
    os.symlink('/etc/passwd', output_dir + 'link')
    return '/somewhere/else'`,
      'reduce_vars.py': `standard_vars = {'width': 1.0, 'mask_file': {'url': '${origin}/', 'default': 'm.txt'}}`,
      'WISH00044733.nxs': 'counts',
    }
    const folder = await folderWith(files)
    const output = join(folder, 'out')
    const run = ['check', folder, '--python', python(), '--run', join(folder, 'WISH00044733.nxs'), '--output', output]
    const hosts = ['--file-hosts', origin]
    const called = await call(...run, ...hosts, '--json', '--variables', '{"width": 2}')
    expect([called.code, called.err]).toEqual([0, expect.stringContaining('reducing WISH00044733.nxs 2.0 spectra 1-5')])
    const report = reportSchema.parse(JSON.parse(called.out))
    expect(report.run).toMatchObject({
      state: 'Completed',
      output,
      outputs: [{ path: 'result.txt', sizeBytes: 6 }],
      remarks: [expect.stringContaining('link'), expect.stringContaining('/somewhere/else')],
    })
    expect(await readFile(join(output, 'result.txt'), 'utf8')).toBe('counts')

    const again = await call(...run, ...hosts)
    expect([again.code, again.err]).toEqual([2, expect.stringContaining('is not empty')])
    await rm(output, { recursive: true })
    const unknown = await call(...run, ...hosts, '--variables', '{"widht": 2}')
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('The script has no variable “widht”')])
    const elsewhere = await call(...run)
    expect([elsewhere.code, elsewhere.out]).toEqual([
      1,
      expect.stringContaining('The file of the variable “mask_file” is not there'),
    ])
  })

  it('tells how a run failed, and ends what it started', async () => {
    const folder = await folderWith({
      'reduce.py': 'import time\ndef main(a, b):\n    print("on", flush=True)\n    time.sleep(600)\n',
      'raw.nxs': '',
    })
    await mkdir(join(folder, 'out'))
    const args = [
      'check',
      folder,
      '--python',
      python(),
      '--run',
      join(folder, 'raw.nxs'),
      '--output',
      join(folder, 'out'),
    ]
    const called = await call(...args, '--time-limit', '1', '--json')
    expect(called.code).toBe(1)
    expect(reportSchema.parse(JSON.parse(called.out)).run).toMatchObject({
      state: 'Error',
      reason: expect.stringContaining('still running after 1 s'),
    })
  })

  it('takes a software environment of the service', async () => {
    const folder = await folderWith({ 'reduce.py': main })
    const list = join(folder, 'environments.json')
    const one = { name: 'Scipp', interpreter: python() }
    await writeFile(
      list,
      JSON.stringify([
        { ...one, version: '1' },
        { ...one, version: '2' },
      ]),
    )
    const ask = (software: string) => call('check', folder, '--environments', list, '--software', software)
    expect((await ask('Scipp 2')).code).toBe(0)
    expect((await ask('Scipp')).err).toContain('There are several of Scipp: Scipp 1, Scipp 2. Say which.')
    expect((await ask('Mantid')).err).toContain('There is no software environment Mantid. There is: Scipp 1, Scipp 2.')
  })
})
