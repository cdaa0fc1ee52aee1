import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, expect, it } from 'vitest'
import { runToEnd } from '../processes/run-to-end.ts'
import { withOriginalPlaces } from './original-places.ts'

const project = mkdtempSync(join(tmpdir(), 'original places '))
afterAll(() => rmSync(project, { recursive: true, force: true }))

it('a stack of a bundle shows the places of the sources', async () => {
  mkdirSync(join(project, 'functions'))
  const source = 'const unused: string = ""\nfunction fails(): never {\n  throw new Error("no" + unused)\n}\nfails()\n'
  writeFileSync(join(project, 'functions', 'handler.ts'), source)
  const outfile = join(project, 'dist', 'main.mjs')
  const entryPoints = [join(project, 'functions', 'handler.ts')]
  await build({ entryPoints, outfile, bundle: true, format: 'esm', sourcemap: 'linked', banner: { js: '//\n//' } })
  const failed: unknown = await runToEnd(process.execPath, [outfile]).catch((error: unknown) => error)
  const stack = withOriginalPlaces(String(failed), project)
  expect(stack).toContain('functions/handler.ts:3:9')
  expect(stack).toContain('functions/handler.ts:5:1')
  expect(withOriginalPlaces('at /elsewhere/main.mjs:1:2', project)).toBe('at /elsewhere/main.mjs:1:2')
})
