import type { Difference, Reproduces, SeenInput } from '#contracts/reproduces.ts'
import type { Reproduction } from '#contracts/reproduction.ts'
import type { Software } from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import type { Viewer } from '#contracts/viewer.ts'
import { findReduction, type ReductionDetail } from '#database/queries/reduction-detail.ts'
import { inputsOfReduction, type KnownInput } from '#database/queries/reduction-inputs.ts'
import { livingProcessors } from '#database/queries/processors.ts'
import { changeOfRawFile, describeRawFile } from '#domain/raw-file-change.ts'
import { isFinal } from '#domain/reduction-states.ts'
import { provenanceSchema, type Provenance } from '#results/provenance.ts'
import { provenanceName } from '#results/result-paths.ts'
import type { ApiParts } from './api-parts.ts'
import { lookAtRawFile, type RawFileNow } from './look-at-raw-file.ts'
import { resultSource } from './stream-result.ts'

/** What repeating a reduction exactly comes to: what to tell, and what to submit. */
export type ReproductionPlan = {
  readonly told: Reproduction
  readonly reduction: ReductionDetail
  readonly runNumbers: readonly number[]
  readonly given: GivenArguments
  readonly reproduces: Reproduces
}

type Parts = Pick<ApiParts, 'database' | 'readers' | 'resultsRoot'>

/** More than any provenance.json needs; what is larger is no record of ours. */
const largestRecordBytes = 4 * 1024 * 1024

/** What the reduction itself recorded; undefined where that is gone, out of reach or of another version. */
const readRecord = async (
  { readers, resultsRoot }: Parts,
  reduction: ReductionDetail,
): Promise<Provenance | undefined> => {
  if (reduction.resultsPath === null) return undefined
  const inside = { root: resultsRoot, directory: reduction.resultsPath, path: provenanceName }
  const read = await resultSource(readers, reduction.instrument, inside).read(0, largestRecordBytes)
  if (read.kind !== 'read' || read.sizeBytes > largestRecordBytes) return undefined
  try {
    const record = provenanceSchema.safeParse(JSON.parse(Buffer.from(read.bytes).toString('utf8')))
    return record.success && record.data.reduction.id === reduction.id ? record.data : undefined
  } catch {
    return undefined
  }
}

const label = ({ name, version }: Software): string => `${name} ${version}`
const list = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(', '))

/** The raw file as it was found then: by the reduction's own record, else as it was known when it was submitted. */
const inputThen = (record: Provenance | undefined, known: KnownInput, place: number): SeenInput => {
  const recorded = record?.inputs[place]
  if (recorded && recorded.sizeBytes !== null && recorded.modifiedAt !== null) return recorded
  return { path: known.filePath ?? '', sizeBytes: known.sizeBytes, modifiedAt: known.modifiedAt }
}

/** Why a run's raw file is not what it was, in words; undefined where it is. */
const faultOfInput = (runNumber: number, then: SeenInput, now: RawFileNow): string | undefined => {
  switch (now.kind) {
    case 'gone':
      return `The raw file of run ${runNumber} is not there any more (${then.path}).`
    case 'out-of-reach':
      return `Whether the raw file of run ${runNumber} is still the same cannot be seen now: ${now.reason} Try again in a minute.`
    case 'file':
      return changeOfRawFile(runNumber, then, now)
  }
}

const noStart =
  'No script ran in this reduction, so there is nothing to repeat. Re-run it instead: that uses the instrument’s current script.'
const notEnded = 'It has not ended yet. What it really ran with is known when it has.'

/** All that is needed to repeat a reduction exactly, or why that cannot be. Undefined where the viewer may not see it. */
export const planReproduction = async (
  parts: Parts,
  viewer: Viewer,
  id: number,
  chosen?: Software,
): Promise<ReproductionPlan | undefined> => {
  const { database } = parts
  const reduction = await findReduction(database, viewer, id)
  if (!reduction) return undefined
  const [record, known, processors] = await Promise.all([
    readRecord(parts, reduction),
    inputsOfReduction(database, id),
    livingProcessors(database),
  ])
  const inputs = known.map((input, place) => inputThen(record, input, place))
  const now = await Promise.all(
    known.map(({ filePath }) => lookAtRawFile(parts.readers, reduction.instrument, filePath)),
  )
  const faults = known.flatMap(({ runNumber }, place) => {
    const then = inputs[place]
    const found = now[place]
    const fault = then && found && faultOfInput(runNumber, then, found)
    return fault === undefined ? [] : [fault]
  })

  const ranWith = softwareThen(record, reduction)
  const offered = uniqueSoftware(processors.flatMap(({ environments }) => environments))
  const software = chosen ?? (ranWith && isOffered(ranWith, offered) ? ranWith : null)
  const refusal = refusalOf(reduction, faults)
  const variables = variablesThen(reduction)
  const notHeld = [
    ...softwareDifference(ranWith, software, offered),
    ...pathDifferences(record, known),
    ...variables.notHeld,
    ...unrecordedVariables(record),
    ...surroundings(
      record,
      processors.map(({ host }) => host),
    ),
    ...(record
      ? []
      : [
          {
            what: 'record',
            then: 'its provenance.json cannot be read',
            now: 'host, limits and module versions cannot be compared',
          },
        ]),
  ]
  const told: Reproduction = {
    reductionId: id,
    version: reduction.version,
    refusal,
    held: heldFixed(reduction, variables.given, inputs, software, ranWith),
    notHeld,
    software,
    softwareChoices: software === null ? [...offered] : [],
  }
  return {
    told,
    reduction,
    runNumbers: known.map(({ runNumber }) => runNumber),
    given: variables.given,
    reproduces: {
      reductionId: id,
      version: reduction.version,
      resultsPath: record ? reduction.resultsPath : null,
      inputs,
      notHeld,
    },
  }
}

const refusalOf = (reduction: ReductionDetail, faults: readonly string[]): string | null => {
  if (!isFinal(reduction.state)) return notEnded
  if (reduction.scriptSha256 === null || reduction.startedAt === null) return noStart
  if (faults.length === 0) return null
  return `${faults.slice(0, 5).join(' ')}${faults.length > 5 ? ` And ${faults.length - 5} more.` : ''} So this cannot be repeated exactly. Re-run it instead.`
}

const softwareThen = (record: Provenance | undefined, reduction: ReductionDetail): Software | null => {
  if (record) return { name: record.software.name, version: record.software.version }
  const { softwareName, softwareVersion } = reduction
  return softwareName !== null && softwareVersion !== null ? { name: softwareName, version: softwareVersion } : null
}

const uniqueSoftware = (all: readonly Software[]): readonly Software[] => [
  ...new Map(all.map((one) => [label(one), { name: one.name, version: one.version }])).values(),
]
const isOffered = (software: Software, offered: readonly Software[]): boolean =>
  offered.some((one) => label(one) === label(software))

const softwareDifference = (
  then: Software | null,
  now: Software | null,
  offered: readonly Software[],
): readonly Difference[] => {
  if (then && now && label(then) === label(now)) return []
  return [
    {
      what: 'software',
      then: then ? label(then) : 'not recorded',
      now: now ? label(now) : `not there any more; there is: ${list(offered.map(label))}`,
    },
  ]
}

const pathDifferences = (record: Provenance | undefined, known: readonly KnownInput[]): readonly Difference[] =>
  known.flatMap(({ runNumber, filePath }, place) => {
    const then = record?.inputs[place]?.path
    return then === undefined || filePath === null || then === filePath
      ? []
      : [{ what: `path of the raw file of run ${runNumber}`, then, now: filePath }]
  })

/** As the script really got them, every type said; where it did not come so far, as they were given. */
const variablesThen = (
  reduction: ReductionDetail,
): { readonly given: GivenArguments; readonly notHeld: readonly Difference[] } => {
  if (reduction.recorded) {
    const given = reduction.recorded.map(({ group, name, value }) => ({ group, name, typed: value }))
    return { given, notHeld: [] }
  }
  return {
    given: reduction.given ?? [],
    notHeld: [
      {
        what: 'variables',
        then: 'not recorded: the script did not come so far',
        now: 'as they were given then, over the script’s own',
      },
    ],
  }
}

const unrecordedVariables = (record: Provenance | undefined): readonly Difference[] =>
  (record?.unrecordedVariables ?? []).map(({ variable, fault }) => ({
    what: `variable ${variable}`,
    then: `could not be recorded: ${fault}`,
    now: 'what the script itself says',
  }))

/** What nobody can choose: it shows when it has run, and its provenance then says how it compared. */
const surroundings = (record: Provenance | undefined, hosts: readonly string[]): readonly Difference[] => {
  if (!record) return []
  const modules = Object.entries(record.software.modules).map(([name, version]) => `${name} ${version}`)
  const unique = [...new Set(hosts)].toSorted()
  return [
    ...(unique.length === 1 && unique[0] === record.host.name
      ? []
      : [{ what: 'host', then: record.host.name, now: unique.length === 0 ? null : `one of ${unique.join(', ')}` }]),
    ...(modules.length === 0 ? [] : [{ what: 'modules', then: modules.join(', '), now: null }]),
  ]
}

const heldFixed = (
  reduction: ReductionDetail,
  given: GivenArguments,
  inputs: readonly SeenInput[],
  software: Software | null,
  ranWith: Software | null,
): Reproduction['held'] => [
  ...(reduction.scriptSha256 === null
    ? []
    : [{ what: 'script', value: `${reduction.scriptSha256.slice(0, 7)}, with the neighbours it imported` }]),
  ...(reduction.recorded ? [{ what: 'variables', value: `all ${given.length}, as the script got them` }] : []),
  ...(software && ranWith && label(software) === label(ranWith) ? [{ what: 'software', value: label(software) }] : []),
  ...inputs.map((input) => ({ what: 'raw file', value: `${input.path}, ${describeRawFile(input)}` })),
]
