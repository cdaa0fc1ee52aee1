import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { BuildOptions } from 'esbuild'
import { withLock } from '../processes/lock.ts'
import { findBundles, startedPrograms, type Bundle } from './bundles.ts'
import { filesBelow, fingerprintOf, readInputs, writeInputs } from './inputs.ts'

/** Packages that are CommonJS ask for `require`, which a module does not have by itself. */
const requireForPackages =
  "import { createRequire as makeRequire } from 'node:module';const require=makeRequire(import.meta.url);"

const options = {
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  write: false,
  logLevel: 'silent',
  outExtension: { '.js': '.mjs' },
  banner: { js: requireForPackages },
} satisfies BuildOptions

export type BundleReport = { readonly made: readonly string[]; readonly unchanged: readonly string[] }

/** Bundles every program into `dist/<name>/main.mjs`, except those whose sources are what they were. */
export function bundlePrograms(projectDirectory: string, dist: string): Promise<BundleReport> {
  // Stacks with state directories of their own may start side by side from one checkout.
  return withLock(`programs ${dist}`, {}, () => bundleStale(projectDirectory, dist))
}

async function bundleStale(projectDirectory: string, dist: string): Promise<BundleReport> {
  const bundles = findBundles(projectDirectory)
  const stale = bundles.filter((bundle) => !isFresh(projectDirectory, dist, bundle))
  await Promise.all(stale.map((bundle) => make(projectDirectory, dist, bundle)))
  const made = stale.map(({ name }) => name)
  return { made, unchanged: bundles.map(({ name }) => name).filter((name) => !made.includes(name)) }
}

/** Packages are known by the lock file; their own files need not be read. */
function recipe(bundle: Bundle): string[] {
  return [JSON.stringify([bundle, options, startedPrograms])]
}

function isFresh(projectDirectory: string, dist: string, bundle: Bundle): boolean {
  const record = readInputs(dist, bundle.name)
  if (record === undefined || !existsSync(join(dist, bundle.name, 'main.mjs'))) return false
  const files = [...record.files, ...copied(projectDirectory, bundle)]
  return record.fingerprint === fingerprintOf(projectDirectory, [...new Set(files)], recipe(bundle))
}

async function make(projectDirectory: string, dist: string, bundle: Bundle): Promise<void> {
  // Loaded only when something is to be made: most starts find everything as it was.
  const { build } = await import('esbuild')
  const run = (entry: string, outfile: string) =>
    build({ ...options, absWorkingDir: projectDirectory, entryPoints: [entry], outfile })
  const folder = join(dist, bundle.name)
  const main = await run(bundle.entry, join(folder, 'main.mjs'))
  const inputs = new Set(Object.keys(main.metafile.inputs))
  const results = [main]
  for (const { by, entry } of startedPrograms) {
    if (!inputs.has(by)) continue
    const started = await run(entry, join(folder, basename(entry).replace(/\.ts$/, '.mjs')))
    for (const input of Object.keys(started.metafile.inputs)) inputs.add(input)
    results.push(started)
  }
  mkdirSync(folder, { recursive: true })
  for (const file of results.flatMap((result) => result.outputFiles)) replace(file.path, file.contents)
  for (const copy of bundle.copies) copyFolder(projectDirectory, folder, copy)
  const sources = [...inputs].filter((file) => !file.includes('node_modules/'))
  const files = [...new Set([...sources, 'package-lock.json', ...copied(projectDirectory, bundle)])]
  writeInputs(dist, bundle.name, files, fingerprintOf(projectDirectory, files, recipe(bundle)))
}

/** Stacks that run read these files meanwhile: at any moment each is there, and whole. */
function replace(path: string, contents: Uint8Array): void {
  writeFileSync(`${path}.new`, contents)
  renameSync(`${path}.new`, path)
}

function copyFolder(projectDirectory: string, folder: string, { from, to }: Bundle['copies'][number]): void {
  const files = filesBelow(projectDirectory, from)
  for (const file of files) {
    const copy = join(folder, to, file.slice(from.length))
    mkdirSync(dirname(copy), { recursive: true })
    replace(copy, readFileSync(join(projectDirectory, file)))
  }
  const wanted = new Set(files.map((file) => file.slice(from.length)))
  for (const file of filesBelow(folder, to)) {
    if (!wanted.has(file.slice(to.length))) rmSync(join(folder, file), { force: true })
  }
}

function copied(projectDirectory: string, bundle: Bundle): string[] {
  return bundle.copies.flatMap(({ from }) => filesBelow(projectDirectory, from))
}
