import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { describe, expect, inject, it, type TestContext } from 'vitest'
import { findEnvironment } from '../environments/python-environment.ts'

/**
 * The simulator and its scripts are Python, and so are their tests: each file of `tests/`, or class where a file is long, is one here.
 * They run in the environment `Python` (deploy/environments/python), those of the script for scipp in `Scipp`.
 */
const python = inject('python')
const projectDirectory = join(import.meta.dirname, '..', '..')
const scipp = findEnvironment('scipp', { stateDirectory: join(projectDirectory, '.local'), projectDirectory })

const tests = {
  test_raw_files: 'writes raw files that read back as what was simulated',
  test_archive: 'keeps an archive as the control system does, across restarts and cuts',
  test_stop_request: 'stops when asked, at any moment',
  test_process: 'runs as a process that starts, ends and is alone',
  'test_scripts.Enginx': 'finds lines and strain in simulated runs of ENGINX',
  'test_scripts.Polaris': 'finds lines and intensities in simulated runs of POLARIS',
  'test_scripts.Inter': 'finds edges and whole curves in simulated runs of INTER',
  'test_scripts.Musr': 'finds fields and relaxation in simulated runs of MUSR',
  'test_scripts.AllScripts': 'has scripts that are short and explain their variables',
  test_real_files: 'has scripts that reduce real files too',
}

const testsWithScipp = {
  'test_scipp_script.SimulatedFiles': 'focuses simulated runs of ENGINX with scipp, and says what it cannot focus',
  'test_scipp_script.RealFiles': 'focuses real runs of ENGINX with scipp: CeO2 has its peaks where they belong',
}

/** A minute each where nobody else is at work; whole suites beside it take its processors. */
const timeout = 900_000

describe('the beam simulator', () => {
  it.for(Object.entries(tests))('%s: %s', { timeout }, async ([name], context) => {
    await passes(python, name, context)
  })

  it.for(Object.entries(testsWithScipp))('%s: %s', { timeout }, async ([name], context) => {
    if (scipp === undefined) return context.skip('the environment Scipp is not here: make environment RECIPE=scipp')
    await passes(scipp.interpreter, name, context)
  })
})

async function passes(interpreter: string, name: string, { skip, signal }: TestContext): Promise<void> {
  const { code, lines } = await runUnittest(interpreter, name, signal)
  expect(code, lines.join('\n')).toBe(0)
  const reason = lines.map((line) => /skipped '(.*)'$/.exec(line)?.[1]).find((found) => found !== undefined)
  if (reason !== undefined) skip(reason)
  expect(lines.join('\n')).toMatch(/^Ran [1-9]\d* tests? in/m)
}

function runUnittest(
  interpreter: string,
  name: string,
  signal: AbortSignal,
): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(interpreter, ['-B', '-m', 'unittest', '-v', `tests.${name}`], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'ignore', 'pipe'],
      // Nobody waits for it any more: it ends, and takes what it has started along.
      signal,
      killSignal: 'SIGINT',
    })
    const lines: string[] = []
    const reader = createInterface(child.stderr).on('line', (line) => lines.push(line))
    child.once('error', reject)
    reader.once('close', () => (child.exitCode === null ? child.once('exit', finish) : finish(child.exitCode)))
    const finish = (code: number | null) => resolve({ code, lines })
  })
}
