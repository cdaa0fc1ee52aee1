import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import {
  faultOfArguments,
  faultsOfUndeclared,
  listGivenArguments,
  typedByDeclared,
} from '#contracts/given-arguments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import {
  submissionAnswerSchema,
  type Outcome,
  type scriptChoiceSchema,
  type Software,
  type SubmitRequest,
} from '#contracts/submission.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import { sha256Of } from '#database/content-address.ts'
import type { Database, Sql } from '#database/connection.ts'
import { isDuplicate } from '#database/faults.ts'
import { findAnswer, rememberAnswer } from '#database/queries/idempotency-keys.ts'
import { scriptOfReduction } from '#database/queries/reduction-script.ts'
import { findScript, findScriptVariables, storeScript } from '#database/queries/scripts.ts'
import { instrumentForSubmission, instrumentNames, offeredSoftware } from '#database/queries/submission-facts.ts'
import { faultOfBatchSize } from '#domain/batches.ts'
import { parseInstrumentName } from '#domain/instrument-names.ts'
import { nearestName } from '#domain/nearest-name.ts'
import { classOfRequest } from '#domain/reduction-classes.ts'
import { largestRequest, parseRunRanges, type RunList } from '#domain/run-ranges.ts'
import { submitBatch } from './submit-batch.ts'
import { submitRuns, type Asked, type ChosenScript, type Looking } from './submit-runs.ts'

/** How submit finds the instrument's current script; the reader processes in production. */
export type FindScript = (
  instrument: string,
) => Promise<
  | { readonly kind: 'script'; readonly files: ScriptFiles }
  | { readonly kind: 'no-script'; readonly reason: string }
  | { readonly kind: 'not-yet'; readonly reason: string }
>

export type Answer =
  | { readonly kind: 'outcomes'; readonly outcomes: readonly Outcome[]; readonly submission?: string | undefined }
  /** Nothing was recorded; the sentence says what to change. */
  | { readonly kind: 'refused'; readonly status: 400 | 404 | 409; readonly detail: string }

const refused = (status: 400 | 404 | 409, detail: string): Answer => ({ kind: 'refused', status, detail })

const listRuns = (runs: SubmitRequest['runs']): RunList => {
  if (typeof runs === 'string') return parseRunRanges(runs)
  if (typeof runs === 'number') return { runs: [runs] }
  if (runs.length > largestRequest) return parseRunRanges(`1-${largestRequest + 1}`)
  const twice = runs.find((run, place) => runs.indexOf(run) !== place)
  return twice === undefined ? { runs } : { fault: `Run ${twice} is named twice.` }
}

const unknownInstrument = async (sql: Sql, typed: string): Promise<Answer> => {
  const nearest = nearestName(typed, await instrumentNames(sql))
  return refused(404, `There is no instrument “${typed}”.${nearest ? ` Did you mean ${nearest}?` : ''}`)
}

const refuseUnofferedSoftware = async (sql: Sql, software: Software | undefined): Promise<Answer | undefined> => {
  if (!software) return undefined
  const offered = await offeredSoftware(sql)
  if (
    offered.length === 0 ||
    offered.some(({ name, version }) => name === software.name && version === software.version)
  ) {
    return undefined
  }
  const list = offered.map(({ name, version }) => `${name} ${version}`).join(', ')
  return refused(400, `No processor has ${software.name} ${software.version}. There is: ${list}.`)
}

/** An edited reduce.py beside the neighbours of another script. */
const withText = (text: string, files: ScriptFiles): ChosenScript => {
  const given = { name: 'reduce.py', base64: Buffer.from(text, 'utf8').toString('base64') }
  const neighbours = files.filter(({ name }) => name !== given.name)
  return { finding: { kind: 'script' }, keep: { files: [given, ...neighbours] } }
}

const chooseScript = async (
  database: Database,
  readScript: FindScript,
  instrument: string,
  choice: z.infer<typeof scriptChoiceSchema> | undefined,
): Promise<ChosenScript | Answer> => {
  if (typeof choice === 'object' && choice.from === 'reduction') {
    const sha256 = await scriptOfReduction(database, choice.reductionId)
    return sha256 === undefined
      ? refused(400, `Reduction ${choice.reductionId} has no stored script. Choose the current script instead.`)
      : { finding: { kind: 'script' }, keep: { sha256 } }
  }
  if (typeof choice === 'object' && choice.from === 'text' && choice.reductionId !== undefined) {
    const sha256 = await scriptOfReduction(database, choice.reductionId)
    const ran = sha256 === undefined ? undefined : await findScript(database, sha256)
    return ran
      ? withText(choice.text, ran)
      : refused(400, `Reduction ${choice.reductionId} has no stored script whose neighbours this text could run with.`)
  }
  const current = await readScript(instrument)
  const text = typeof choice === 'string' ? choice : choice?.from === 'text' ? choice.text : undefined
  if (text !== undefined) {
    // A folder that does not answer may hold neighbours that the text imports.
    if (current.kind === 'not-yet') return { finding: current, keep: null }
    return withText(text, current.kind === 'script' ? current.files : [])
  }
  return current.kind === 'script'
    ? { finding: { kind: 'script' }, keep: { files: current.files } }
    : { finding: current, keep: null }
}

/** The given values with the script's own types where those are known, and what is wrong with them. */
const checkVariables = async (
  database: Database,
  script: ChosenScript,
  given: GivenArguments,
): Promise<ReturnType<typeof typedByDeclared>> => {
  if (given.length === 0 || script.keep === null) return { arguments: given, faults: [] }
  const sha256 = 'sha256' in script.keep ? script.keep.sha256 : await storeScript(database, script.keep.files)
  const declared = await findScriptVariables(database, sha256)
  // Where nobody has read this script's variables yet, the run itself tells what does not fit.
  return declared && 'variables' in declared
    ? typedByDeclared(given, declared.variables)
    : { arguments: given, faults: faultsOfUndeclared(given) }
}

/**
 * Answers one request to submit runs. A refusal concerns the whole request (unknown instrument, unreadable run list, wrong
 * variables) and records nothing; what concerns single runs is in the outcomes.
 */
export const answerSubmission = async (
  database: Database,
  looking: Looking & { readonly findScript: FindScript },
  request: SubmitRequest,
  idempotencyKey: string | undefined,
): Promise<Answer> => {
  // What a reproduction could not hold fixed may be told differently when it is asked again; it asks for the same.
  const requestSha256 = sha256Of(JSON.stringify({ ...request, reproduces: undefined }))
  const remembered = async (): Promise<Answer | undefined> => {
    const before = idempotencyKey === undefined ? undefined : await findAnswer(database, idempotencyKey)
    if (!before) return undefined
    return before.requestSha256 === requestSha256
      ? { kind: 'outcomes', ...submissionAnswerSchema.parse(JSON.parse(before.answer)) }
      : refused(409, 'This Idempotency-Key was used for another request. Use a new key for each request.')
  }
  const repeated = await remembered()
  if (repeated) return repeated

  const name = parseInstrumentName(request.instrument)
  const instrument = name === undefined ? undefined : await instrumentForSubmission(database, name)
  if (!instrument) return unknownInstrument(database, request.instrument.trim())
  const list = listRuns(request.runs)
  if ('fault' in list) return refused(400, list.fault)

  const special = request.origin === 'request' ? request : undefined
  const unoffered = await refuseUnofferedSoftware(database, special?.software)
  if (unoffered) return unoffered
  const script = await chooseScript(database, looking.findScript, instrument.name, special?.script)
  if ('kind' in script) return script
  const asGiven = listGivenArguments(special?.variables)
  const unfit = faultOfArguments(asGiven)
  if (unfit !== undefined) return refused(400, unfit)
  const { arguments: given, faults } = await checkVariables(database, script, asGiven)
  if (faults.length > 0) return refused(400, faults.join(' '))

  const batchFault = special?.batch ? faultOfBatchSize(list.runs) : undefined
  if (batchFault !== undefined) return refused(400, batchFault)

  const own =
    instrument.softwareName !== null && instrument.softwareVersion !== null
      ? { name: instrument.softwareName, version: instrument.softwareVersion }
      : null
  const submission = randomBytes(16).toString('hex')
  const asked: Asked = {
    origin: request.origin,
    instrument,
    runNumbers: list.runs,
    // A batch is one reduction, however many runs it has.
    class: special ? classOfRequest(special.batch ? 1 : list.runs.length) : 'fresh',
    startedBy: special?.requestedBy ?? 'autoreduction',
    description: special?.description ?? null,
    software: special?.software ?? own,
    script,
    given,
    submission,
    reproduces: special?.reproduces ?? null,
    isPlain: !special?.variables && !special?.script && !special?.software,
  }
  const remember = async (sql: Sql, answered: readonly Outcome[]): Promise<void> => {
    if (idempotencyKey === undefined) return
    const answer = JSON.stringify({ outcomes: answered, submission })
    await rememberAnswer(sql, idempotencyKey, { requestSha256, answer })
  }
  try {
    if (special?.batch) {
      const batch = await submitBatch(database, looking, asked, remember)
      return 'refusal' in batch ? refused(400, batch.refusal) : { kind: 'outcomes', ...batch, submission }
    }
    return { kind: 'outcomes', outcomes: await submitRuns(database, looking, asked, remember), submission }
  } catch (fault) {
    // The same request came twice at once and the other was first: everything of this one was rolled back.
    const other = isDuplicate(fault) ? await remembered() : undefined
    if (other) return other
    throw fault
  }
}
