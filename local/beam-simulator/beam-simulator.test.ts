import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { describe, expect, inject, it } from 'vitest'

/**
 * The simulator and its scripts are Python, and so are their tests: each file of `tests/` is one test here.
 * They run in the environment `Python` (deploy/environments/python).
 */
const python = inject('python')

const testFiles = {
  test_raw_files: 'writes raw files that read back as what was simulated',
  test_archive: 'keeps an archive as the control system does, across restarts and cuts',
  test_process: 'runs as a process that starts, ends and is alone',
  test_scripts: 'has scripts that find in simulated runs what was put into them',
  test_real_files: 'has scripts that reduce real files too',
}

describe('the beam simulator', () => {
  it.for(Object.entries(testFiles))('%s: %s', { timeout: 180_000 }, async ([file], { skip }) => {
    const { code, lines } = await runUnittest(python, file)
    expect(code, lines.join('\n')).toBe(0)
    const reason = lines.map((line) => /skipped '(.*)'$/.exec(line)?.[1]).find((found) => found !== undefined)
    if (reason !== undefined) skip(reason)
    expect(lines.join('\n')).toMatch(/^Ran [1-9]\d* tests? in/m)
  })
})

function runUnittest(interpreter: string, file: string): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const child = spawn(interpreter, ['-B', '-m', 'unittest', '-v', `tests.${file}`], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const lines: string[] = []
    const reader = createInterface(child.stderr).on('line', (line) => lines.push(line))
    child.once('error', reject)
    reader.once('close', () => (child.exitCode === null ? child.once('exit', finish) : finish(child.exitCode)))
    const finish = (code: number | null) => resolve({ code, lines })
  })
}
