import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { runToEnd } from '../processes/run-to-end.ts'
import { bundlePrograms } from './bundle-programs.ts'

const project = mkdtempSync(join(tmpdir(), 'bundle programs '))
const dist = join(project, 'dist')
afterAll(() => rmSync(project, { recursive: true, force: true }))

const write = (path: string, text: string) => {
  mkdirSync(dirname(join(project, path)), { recursive: true })
  writeFileSync(join(project, path), text)
}

it('bundles each program, with what it starts and copies, and only when something has changed', async () => {
  write('package-lock.json', '{}')
  write('shared/archive/readers/reader-program.ts', "export const program: string = './reader-process.mjs'\n")
  write('shared/archive/readers/reader-process.ts', "console.log('read' as string)\n")
  write('shared/words.ts', "export const word: string = 'first'\n")
  write('functions/plain/handler.ts', "import { word } from '../../shared/words.ts'\nconsole.log(word)\n")
  write(
    'functions/reads/handler.ts',
    "import { program } from '../../shared/archive/readers/reader-program.ts'\nconsole.log(program)\n",
  )
  write('functions/reads/runner/main.py', 'print(1)\n')
  write('functions/unfinished/decide.ts', 'export const nothing = 1\n')
  const make = () => bundlePrograms(project, dist)
  const run = (path: string) => runToEnd(process.execPath, [join(dist, path)])

  expect(await make()).toEqual({ made: ['plain', 'reads'], unchanged: [] })
  expect(await run('plain/main.mjs')).toBe('first\n')
  expect(await run('reads/reader-process.mjs')).toBe('read\n')
  expect(readFileSync(join(dist, 'reads/runner/main.py'), 'utf8')).toBe('print(1)\n')
  expect(await make()).toEqual({ made: [], unchanged: ['plain', 'reads'] })

  write('shared/words.ts', "export const word: string = 'second'\n")
  expect((await make()).made).toEqual(['plain'])
  expect(await run('plain/main.mjs')).toBe('second\n')

  write('functions/reads/runner/more.py', 'print(2)\n')
  expect((await make()).made).toEqual(['reads'])

  // What Python has made of it meanwhile stays; what is gone goes.
  write('dist/reads/runner/__pycache__/main.cpython-311.pyc', '')
  rmSync(join(project, 'functions/reads/runner/more.py'))
  expect((await make()).made).toEqual(['reads'])
  expect(readdirSync(join(dist, 'reads/runner')).sort()).toEqual(['__pycache__', 'main.py'])

  rmSync(join(dist, 'plain', 'main.mjs'))
  expect((await make()).made).toEqual(['plain'])

  write('package-lock.json', '{"changed":true}')
  expect((await make()).made).toEqual(['plain', 'reads'])
})
