import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readScript, type ScriptReading } from './read-script.ts'

let root: string
const at = (name: string): string => join(root, 'NDXWISH/user/scripts/autoreduction', name)
const put = async (name: string, text: string | Buffer): Promise<void> => {
  await mkdir(dirname(at(name)), { recursive: true })
  await writeFile(at(name), text)
}
const read = (): Promise<ScriptReading> => readScript(root, 'WISH')
const textOf = (reading: ScriptReading): Record<string, string> => {
  if (reading.kind !== 'read') throw new Error(`${reading.kind}: ${reading.reason}`)
  return Object.fromEntries(reading.files.map(({ name, bytes }) => [name, Buffer.from(bytes).toString()]))
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'scripts-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('an instrument’s script', () => {
  it('comes with its variables and the neighbours it imports, and theirs', async () => {
    await put(
      'reduce.py',
      'import numpy, focus\nimport reduce_vars as web_var\nfrom lib.bank import north\ndef main(i, o): pass\n',
    )
    await put('reduce_vars.py', 'standard_vars = {}\n')
    await put('focus.py', 'from lib import shapes\n')
    await put('lib/__init__.py', '')
    await put('lib/bank.py', 'from . import mirror\nfrom .deep.er import x\n')
    await put('lib/mirror.py', 'import focus')
    await put('lib/shapes.py', '')
    await put('lib/deep/er.py', 'from ...outside import y')
    await put('lib/unused.py', '')
    await put('unused.py', '')
    const reading = await read()
    expect(reading).toHaveProperty('folder', dirname(at('reduce.py')))
    expect(Object.keys(textOf(reading))).toEqual([
      'reduce.py',
      'reduce_vars.py',
      'focus.py',
      'lib/__init__.py',
      'lib/bank.py',
      'lib/deep/er.py',
      'lib/mirror.py',
      'lib/shapes.py',
    ])
    expect(textOf(reading)['lib/mirror.py']).toBe('import focus')
  })

  it('needs no variables and is kept byte for byte', async () => {
    const bytes = Buffer.from('# -*- coding: latin-1 -*-\r\nx = "\xe5"\r\ndef main(i, o): pass', 'latin1')
    await put('reduce.py', bytes)
    const reading = await read()
    expect(reading.kind === 'read' && Buffer.from(reading.files[0]?.bytes ?? []).equals(bytes)).toBe(true)
  })

  it('never takes a file from outside its folder', async () => {
    await put('reduce.py', 'from .. import secret\nfrom ..secret import x\nimport secret\n')
    await put('../secret.py', 'x = 1')
    expect(Object.keys(textOf(await read()))).toEqual(['reduce.py'])
  })

  it('is missing or empty, in words', async () => {
    expect(await read()).toMatchObject({
      kind: 'missing',
      reason: expect.stringContaining('WISH has no reduction script'),
    })
    await put('reduce.py', ' \n\t\n')
    expect(await read()).toMatchObject({
      kind: 'empty',
      reason: expect.stringContaining('The reduction script of WISH is empty'),
    })
  })

  it('is unreadable, in words, where a file of it is no file', async () => {
    await mkdir(at('reduce.py'), { recursive: true })
    expect(await read()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('is a directory') })
    await rm(at('reduce.py'), { recursive: true })
    execFileSync('mkfifo', [at('reduce.py')])
    expect(await read()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('is a named pipe') })
    await rm(at('reduce.py'))
    await put('reduce.py', 'import focus')
    await symlink(at('focus.py'), at('focus.py'))
    expect(await read()).toMatchObject({
      kind: 'unreadable',
      reason: expect.stringContaining('focus.py of the reduction script'),
    })
  })

  it('is refused where it is no script by its size', async () => {
    await put('reduce.py', Buffer.alloc(33 * 1024 * 1024, '#'))
    expect(await read()).toMatchObject({ kind: 'unreadable', reason: expect.stringContaining('too large') })
  })

  it('is read again while an editor has it empty or away', async () => {
    await put('reduce.py', '')
    expect(textOf(await readScript(root, 'WISH', () => put('reduce.py', 'x = 1')))).toEqual({ 'reduce.py': 'x = 1' })
    await rename(at('reduce.py'), at('reduce.py~'))
    const putBack = (): Promise<void> => rename(at('reduce.py~'), at('reduce.py'))
    expect(textOf(await readScript(root, 'WISH', putBack))).toEqual({ 'reduce.py': 'x = 1' })
  })

  it('is read again where its variables or a module are empty or away for a moment', async () => {
    await put('reduce.py', 'import reduce_vars, focus')
    await put('focus.py', 'y = 1')
    const saved = (): Promise<void> => put('reduce_vars.py', 'standard_vars = {"a": 1}')
    expect(Object.keys(textOf(await readScript(root, 'WISH', saved)))).toEqual([
      'reduce.py',
      'reduce_vars.py',
      'focus.py',
    ])
    await put('reduce_vars.py', '')
    expect(textOf(await readScript(root, 'WISH', saved))['reduce_vars.py']).toContain('"a"')
    await put('focus.py', '')
    expect(textOf(await readScript(root, 'WISH', () => put('focus.py', 'y = 2')))['focus.py']).toBe('y = 2')
    // Empty files that stay so are what they are.
    await put('focus.py', '')
    expect(textOf(await read())['focus.py']).toBe('')
  })

  it('is looked at twice where it was written just now: half of it may still be coming', async () => {
    await put('reduce.py', 'x = ')
    expect(textOf(await readScript(root, 'WISH', () => put('reduce.py', 'x = 1')))).toEqual({ 'reduce.py': 'x = 1' })
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(at('reduce.py'), longAgo, longAgo)
    let pauses = 0
    const pause = (): Promise<void> => {
      pauses += 1
      return Promise.resolve()
    }
    await readScript(root, 'WISH', pause)
    expect(pauses).toBe(0)
  })

  it('is never a mixture of two moments: what changes while it is read is read again', async () => {
    const neighbours = Array.from({ length: 150 }, (_, place) => `part${place}`)
    const publish = (version: number): void => {
      for (const name of ['reduce', ...neighbours]) {
        writeFileSync(at(`${name}.py`), `import ${neighbours.join()}\nversion = '${version}'\n`)
      }
    }
    await put('reduce.py', '')
    publish(1)
    const reading = read()
    // Some files have been read by then, and most have not.
    for (let turn = 0; turn < 40; turn += 1) await new Promise(setImmediate)
    publish(22)
    const texts = Object.values(textOf(await reading))
    expect(texts).toHaveLength(151)
    expect(texts.filter((text) => !text.endsWith("'22'\n"))).toEqual([])
  })

  it('says so where it never comes to rest', async () => {
    await put('reduce.py', 'x = 0')
    let isOver = false
    const edit = async (): Promise<void> => {
      for (let count = 0; !isOver; count += 1) await writeFile(at('reduce.py'), `x = ${count}\n${'#'.repeat(100_000)}`)
    }
    const editing = edit()
    const reading = await read()
    isOver = true
    await editing
    expect(['changing', 'empty']).toContain(reading.kind)
  })
})
