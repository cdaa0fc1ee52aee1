import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { scanImports } from './python-imports.ts'

const names = (source: string): string[] =>
  scanImports(source).map(
    ({ level, parts, names }) => `${'.'.repeat(level)}${parts.join('.')}${names.length > 0 ? `:${names.join()}` : ''}`,
  )

describe('imports of a Python source', () => {
  it.each([
    ['import focus', ['focus']],
    ['import focus as f, lib.bank, os', ['focus', 'lib.bank', 'os']],
    ['from focus import sharpen', ['focus:sharpen']],
    ['from lib import (a,\n  b as c, # why\n  d)', ['lib:a,b,d']],
    ['from . import a', ['.:a']],
    ['from ..other.x import *', ['..other.x']],
    ['from .x import y', ['.x:y']],
    ['from .import y', ['.:y']],
    ['def main(i, o):\n    import late\n    from later import z', ['late', 'later:z']],
    ['try: import fast\nexcept ImportError: import slow', ['fast', 'slow']],
    ['import a; import b', ['a', 'b']],
    ['import \\\n  wrapped', ['wrapped']],
    ['x = importlib.import_module("by_name")', ['by_name']],
    ['\timport tabbed\r\nimport windows\r\n', ['tabbed', 'windows']],
    ['import größe', ['größe']],
  ])('%j names %j', (source, expected) => {
    expect(names(source)).toEqual(expected)
  })

  it.each([
    ['# import nothing'],
    ['"""\nimport nothing\n"""'],
    ["'''it's\nimport nothing'''"],
    ['x = "import nothing"'],
    ['x = "a \\" b"\nimportant = 1'],
    ['print("""a"""); y = """\nimport nothing"""'],
    ['fromage = 1'],
  ])('%j names none', (source) => expect(names(source)).toEqual([]))

  it('are found behind any text, comment or bracket', () => {
    const noise = fc.constantFrom(
      '# it\'s "odd"\n',
      '"""a\n\'b"""\n',
      "x = 'a\\'b'\n",
      'y = [1,\n 2]\n',
      'z = {"a": (1)}\n',
      'if x: pass\n',
      '\n',
    )
    fc.assert(
      fc.property(fc.array(noise), fc.array(noise), (before, after) => {
        expect(names(`${before.join('')}import neighbour\n${after.join('')}`)).toEqual(['neighbour'])
      }),
    )
  })

  it('never throw, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (source) => void scanImports(source)))
  })

  it('of a source of megabytes are found in good time', () => {
    const source = `import first\n${'x = [1, 2, "three"]  # four\n'.repeat(80_000)}import last\n`
    const began = performance.now()
    expect(names(source)).toEqual(['first', 'last'])
    expect(performance.now() - began).toBeLessThan(3_000)
  })
})
