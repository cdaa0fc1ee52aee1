import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { usualModes } from './file-modes.ts'
import { applyLogChange, finishLog } from './log-changes.ts'
import { openLogWriter, type LogLimits } from './log-writer.ts'
import type { Provenance } from './provenance.ts'
import { removeTree } from './remove-tree.ts'
import { resultsDirectory, scriptLogName, type Attempt, type ResultPlace } from './result-paths.ts'
import { seal } from './seal.ts'
import { stage, type Staging } from './stage.ts'
import { tidyStaging } from './tidy-staging.ts'
import type { Publication } from './publish.ts'

/** A results root for one test, removed with it. */
export const temporaryRoot = async (): Promise<string> => {
  const root = await mkdtemp(join(tmpdir(), 'results-'))
  onTestFinished(() => removeTree(root))
  return root
}

/** Directories below one another, deeper than any path reaches, with a file in the innermost. */
export const makeTooDeep = (directory: string): void => {
  const program = `const { mkdirSync, writeFileSync } = require('node:fs')
for (let depth = 0; depth < 30; depth += 1) {
  mkdirSync('d'.repeat(200))
  process.chdir('d'.repeat(200))
}
writeFileSync('innermost', 'x')`
  execFileSync(process.execPath, ['-e', program], { cwd: directory })
}

export const samplePlace: ResultPlace = {
  instrument: 'WISH',
  rbNumber: 1920234,
  target: '44733',
  version: 0,
  isFlat: false,
}

const sampleProvenance = (attempt: Attempt): Provenance => ({
  reduction: {
    id: attempt.reductionId,
    fence: attempt.fence,
    instrument: attempt.instrument,
    target: '44733',
    version: 0,
    rbNumber: 1920234,
    runNumbers: [44733],
    startedBy: 'detection',
    description: null,
  },
  outcome: { state: 'Completed', reason: null },
  script: { sha256: 'a'.repeat(64), files: [] },
  variables: [],
  unrecordedVariables: [],
  chosenVariables: [],
  configuredButLeftOut: [],
  variableFiles: [],
  software: { name: 'Python', version: '3.11', interpreter: '/usr/bin/python3', modules: {} },
  inputs: [],
  host: { name: 'here', system: 'Linux', processor: 'p' },
  limits: { wallSeconds: 1, outputBytes: 1, logBytes: 1 },
  log: { printedBytes: 8, cut: null },
  isolation: 'none (plain process group)',
  timings: {
    submittedAt: '2026-11-22T10:00:00Z',
    claimedAt: '2026-11-22T10:00:00Z',
    scriptStartedAt: '2026-11-22T10:00:00Z',
    scriptEndedAt: '2026-11-22T10:00:00Z',
    scriptSeconds: 0,
    cpuSeconds: null,
  },
  peakMemoryBytes: null,
})

/** A sealed staging directory with these files, as it is before the decision. */
export const sealedStaging = async (
  root: string,
  attempt: Attempt,
  files: Readonly<Record<string, string>>,
): Promise<{ readonly staging: Staging; readonly publication: Publication }> => {
  const staging = await stage(root, attempt, usualModes)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(staging.directory, name, '..'), { recursive: true })
    await writeFile(join(staging.directory, name), content)
  }
  await writeFile(staging.log, 'printed\n')
  await tidyStaging(staging.directory, usualModes)
  await seal(staging, { logName: scriptLogName(samplePlace), provenance: sampleProvenance(attempt) }, usualModes)
  const target = resultsDirectory(root, { ...samplePlace, instrument: attempt.instrument })
  return {
    staging,
    publication: { staging: staging.directory, target, reductionId: attempt.reductionId, fence: attempt.fence },
  }
}

/** Every path below a directory, sorted. */
export const tree = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true })).toSorted()

/** A log that grows in this process; `write` is over when readers can see it. */
export const growingLog = async (log: string, limits: LogLimits) => {
  await writeFile(log, '', { flag: 'wx' })
  let onSent = (): void => undefined
  const writer = openLogWriter({
    limits,
    send: async (change) => {
      await applyLogChange(log, change)
      onSent()
    },
    rhythm: { sendAfterMs: 0, againAfterMs: 0 },
  })
  return {
    write: async (text: string): Promise<void> => {
      const sent = new Promise<void>((resolve) => {
        onSent = resolve
      })
      await writer.write(Buffer.from(text))
      await sent
    },
    finish: async (remarks: readonly string[]) => {
      const end = await writer.close()
      return { ...end, ...(await finishLog(log, end, remarks)) }
    },
  }
}
