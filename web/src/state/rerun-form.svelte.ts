import { SvelteMap } from 'svelte/reactivity'
import type { Reduction } from '#contracts/api.ts'
import type { Software, Submission } from '#contracts/submission.ts'
import { faultOfBatchSize } from '#domain/batches.ts'
import { parseRunRanges } from '#domain/run-ranges.ts'
import { sameValue, type Variable, type VariableValue } from '#domain/variables.ts'
import type { InstrumentVariables } from '../api/api.ts'
import { editorFor, fieldText, parseField, type Editor, type FieldAnswer } from '../variables/fields.ts'
import { submittedVariables } from '../variables/submitted-variables.ts'

export type ScriptChoice = 'current' | 'reduction' | 'text'
export type SoftwareChoice = 'own' | 'reduction' | 'other'
export type StartFrom = 'reduction' | 'current'

export type Field = {
  readonly key: string
  readonly variable: Variable
  /** What the script itself says. */
  readonly byScript: VariableValue
  /** What stands here before anybody writes. */
  readonly start: VariableValue
  readonly editor: Editor
  readonly text: string
  readonly answer: FieldAnswer
  readonly isChanged: boolean
}

type Edit = { readonly editor: Editor; readonly text: string }

const keyOf = (variable: Pick<Variable, 'group' | 'name'>): string => `${variable.group} ${variable.name}`

/** What a person asks for on the re-run form. What they wrote stays while they change where the form starts from. */
export class RerunForm {
  runs = $state('')
  startFrom = $state<StartFrom>('reduction')
  script = $state<ScriptChoice>('current')
  scriptText = $state('')
  software = $state<SoftwareChoice>('own')
  otherName = $state('')
  otherVersion = $state('')
  description = $state('')
  /** Reduce the runs together, as one reduction. */
  isBatch = $state(false)
  current = $state.raw<InstrumentVariables>()
  reduction = $state.raw<Reduction>()
  readonly #edits = new SvelteMap<string, Edit>()
  readonly instrument: string
  /** Not from an earlier reduction: what is configured for each run counts. */
  readonly isNew: boolean

  constructor(
    instrument: string,
    runs: string,
    { isNew, isBatch = false }: { readonly isNew: boolean; readonly isBatch?: boolean },
  ) {
    this.instrument = instrument
    this.isNew = isNew
    this.runs = runs
    this.isBatch = isBatch
  }

  readonly runList = $derived(parseRunRanges(this.runs))
  /** The variables that the chosen script has. */
  readonly #known: readonly { readonly variable: Variable; readonly byScript: VariableValue }[] = $derived.by(() => {
    const ran = (this.reduction?.variables ?? []).map((variable) => ({
      variable,
      byScript: variable.default ?? variable.value,
    }))
    const now = (this.current?.variables ?? []).map((variable) => ({ variable, byScript: variable.value }))
    if (this.script === 'current') return now
    if (this.script === 'reduction') return ran
    return ran.length > 0 ? ran : now
  })
  readonly fields: readonly Field[] = $derived.by(() => {
    const ran = Object.fromEntries(
      (this.reduction?.variables ?? []).map((variable) => [keyOf(variable), variable.value]),
    )
    return this.#known.map(({ variable, byScript }): Field => {
      const key = keyOf(variable)
      const start = (this.startFrom === 'reduction' ? ran[key] : undefined) ?? byScript
      const edit = this.#edits.get(key)
      const editor = edit?.editor ?? editorFor(start, variable.name)
      const text = edit?.text ?? fieldText(start, editor)
      const answer = parseField(start, editor, text)
      const isChanged = 'fault' in answer || !sameValue(answer.value, byScript)
      return { key, variable, byScript, start, editor, text, answer, isChanged }
    })
  })
  /** What the earlier reduction had and the chosen script has no longer. */
  readonly leftOut: readonly string[] = $derived.by(() => {
    const keys = this.#known.map(({ variable }) => keyOf(variable))
    if (this.startFrom !== 'reduction' || this.script !== 'current' || !this.current) return []
    return (this.reduction?.variables ?? [])
      .filter((variable) => !keys.includes(keyOf(variable)))
      .map((variable) => variable.name)
  })
  readonly faults: readonly Field[] = $derived(this.fields.filter((field) => 'fault' in field.answer))
  readonly changedCount: number = $derived(this.fields.filter((field) => field.isChanged).length)
  readonly batchFault: string | undefined = $derived(
    this.isBatch && 'runs' in this.runList ? faultOfBatchSize(this.runList.runs) : undefined,
  )
  readonly scriptFault: string | undefined = $derived(
    this.script === 'text' && this.scriptText.trim() === '' ? 'Write the script, or choose another one.' : undefined,
  )
  readonly softwareFault: string | undefined = $derived(
    this.software === 'other' && (this.otherName.trim() === '' || this.otherVersion.trim() === '')
      ? 'Name the software and its version, such as Scipp 26.1.'
      : undefined,
  )

  write(field: Field, text: string): void {
    this.#edits.set(field.key, { editor: field.editor, text })
  }

  /** Goes on editing the same value as a Python literal. */
  writeAsPython(field: Field): void {
    const value = 'value' in field.answer ? field.answer.value : field.start
    this.#edits.set(field.key, { editor: 'python', text: fieldText(value, 'python') })
  }

  /** Back to what the script itself says. */
  reset(field: Field): void {
    const editor = editorFor(field.byScript, field.variable.name)
    this.#edits.set(field.key, { editor, text: fieldText(field.byScript, editor) })
  }

  resetAll(): void {
    for (const field of this.fields) this.reset(field)
  }

  /** The request, or undefined while something has to be put right. */
  readonly submission: Submission | undefined = $derived.by(() => {
    if ('fault' in this.runList || this.faults.length > 0 || this.scriptFault || this.softwareFault || this.batchFault)
      return undefined
    // What nobody has changed for runs that are new is left to what is configured for them.
    const asked = this.isNew ? this.fields.filter((field) => field.isChanged) : this.fields
    const variables = submittedVariables(
      asked.map(({ variable, answer }) => ({
        variable,
        value: 'value' in answer ? answer.value : variable.value,
      })),
    )
    const software = this.#chosenSoftware()
    const description = this.description.trim()
    return {
      instrument: this.instrument,
      runs: this.runs.trim(),
      ...(variables && { variables }),
      script: this.#chosenScript(),
      ...(software && { software }),
      ...(description !== '' && { description }),
      ...(this.isBatch && { batch: true }),
    }
  })

  #chosenScript(): NonNullable<Submission['script']> {
    // What was edited keeps the neighbours it was written beside.
    if (this.script === 'text')
      return {
        from: 'text',
        text: this.scriptText,
        ...(this.reduction?.scriptSha256 && { reductionId: this.reduction.id }),
      }
    if (this.script === 'reduction' && this.reduction) return { from: 'reduction', reductionId: this.reduction.id }
    return { from: 'current' }
  }

  #chosenSoftware(): Software | undefined {
    if (this.software === 'other') return { name: this.otherName.trim(), version: this.otherVersion.trim() }
    return this.software === 'reduction' ? (this.reduction?.software ?? undefined) : undefined
  }
}
