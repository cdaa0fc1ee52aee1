import { basename, extname } from 'node:path'
import type { Reduction, ResultFile } from '#contracts/api.ts'
import type { Comparison } from '#contracts/comparison.ts'
import type { Provenance } from '#results/provenance.ts'
import { compareInputs, compareModules, compareOutputs, type OwnNames } from './compare-files.ts'
import { compareScripts, type ScriptFile } from './compare-scripts.ts'
import { compareVariables } from './compare-variables.ts'
import { usualDiffLimits } from './diff-lines.ts'

/** All that is known of one of the two. */
export type Compared = {
  readonly reduction: Reduction
  readonly script: readonly ScriptFile[]
  /** Undefined where it did not come so far; `note` says why. */
  readonly provenance: Provenance | undefined
  readonly note: string | undefined
  readonly files: readonly ResultFile[]
}

/** What differs between two reductions. Says nothing that is not known of both. */
export const compareReductions = (left: Compared, right: Compared): Comparison => {
  const ofBoth = <Value>(of: (one: Compared) => Value | null) => ({ left: of(left), right: of(right) })
  const modulesOf = ({ provenance }: Compared) => provenance?.software.modules ?? {}
  const hasModules = [left, right].every((one) => Object.keys(modulesOf(one)).length > 0)
  const sha256 = ofBoth(({ reduction }) => reduction.scriptSha256)
  const hasScripts = sha256.left !== null && sha256.right !== null
  return {
    left: describe(left.reduction),
    right: describe(right.reduction),
    notes: [left, right].flatMap(({ note }) => note ?? []),
    variables: [...compareVariables(left.reduction.variables, right.reduction.variables)],
    script: {
      ...sha256,
      isSame: hasScripts ? sha256.left === sha256.right : null,
      files: hasScripts ? [...compareScripts(left.script, right.script, usualDiffLimits)] : [],
    },
    software: ofBoth(({ reduction, provenance }) =>
      provenance?.software
        ? pick(provenance.software)
        : reduction.software && { ...reduction.software, interpreter: null },
    ),
    modules: hasModules ? [...compareModules(modulesOf(left), modulesOf(right))] : [],
    inputs: [...compareInputs(inputsOf(left), inputsOf(right))],
    host: ofBoth(({ provenance }) =>
      provenance === undefined
        ? null
        : { name: provenance.host.name, system: provenance.host.system, isolation: provenance.isolation },
    ),
    limits: ofBoth(({ provenance }) => (provenance ? numbersIn(provenance.limits) : null)),
    timings: ofBoth(timingsOf),
    outputs: [...compareOutputs(outputsOf(left), outputsOf(right))],
  }
}

const describe = (reduction: Reduction): Comparison['left'] => ({
  id: reduction.id,
  instrument: reduction.instrument,
  runNumbers: reduction.runs.map(({ runNumber }) => runNumber),
  title: reduction.runs[0]?.title ?? null,
  rbNumber: reduction.rbNumber,
  version: reduction.version,
  state: reduction.state,
  reason: reduction.reason,
  startedBy: reduction.startedBy,
  submittedAt: reduction.submittedAt,
  startedAt: reduction.startedAt,
  finishedAt: reduction.finishedAt,
})

const pick = ({ name, version, interpreter }: Provenance['software']) => ({ name, version, interpreter })

/** Limits grow with the service; whatever is a number can be compared. */
const numbersIn = (limits: Readonly<Record<string, unknown>>): Record<string, number | null> =>
  Object.fromEntries(
    Object.entries(limits).flatMap(([name, value]) =>
      typeof value === 'number' || value === null ? [[name, value]] : [],
    ),
  )

const inputsOf = ({ reduction, provenance }: Compared) =>
  provenance?.inputs ?? reduction.dataPaths.map(({ linux }) => ({ path: linux, sizeBytes: null, modifiedAt: null }))

const timingsOf = ({ reduction, provenance }: Compared): Comparison['timings']['left'] => ({
  waitedSeconds: secondsBetween(reduction.submittedAt, reduction.startedAt),
  scriptSeconds: reduction.durationSeconds,
  cpuSeconds: provenance?.timings.cpuSeconds ?? null,
  peakMemoryBytes: provenance?.peakMemoryBytes ?? null,
})

const secondsBetween = (from: string, to: string | null): number | null =>
  to === null ? null : Math.max(0, Date.parse(to) - Date.parse(from)) / 1000

const outputsOf = (one: Compared): { readonly files: readonly ResultFile[]; readonly own: OwnNames } => {
  const runNumbers = one.reduction.runs.map(({ runNumber }) => runNumber)
  const first = runNumbers[0]
  const last = runNumbers.at(-1)
  return {
    files: one.files,
    own: {
      stems: inputsOf(one).map(({ path }) => basename(path, extname(path))),
      target: first === last ? String(first ?? '') : `batch-${first}-${last}`,
      runNumbers,
    },
  }
}
