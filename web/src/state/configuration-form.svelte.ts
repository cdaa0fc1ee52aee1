import { SvelteMap } from 'svelte/reactivity'
import type { RunConfiguration } from '#contracts/api.ts'
import type { ConfigurationRequest } from '#contracts/submission.ts'
import { sameValue, type Variable, type VariableValue } from '#domain/variables.ts'
import { editorFor, fieldText, parseField, type Editor } from '../variables/fields.ts'
import { submittedVariables } from '../variables/submitted-variables.ts'
import type { Field } from './rerun-form.svelte.ts'

type Edit = { readonly editor: Editor; readonly text: string }

export type ConfiguredField = Field & { readonly isConfigured: boolean }

const keyOf = (variable: Pick<Variable, 'group' | 'name'>): string => `${variable.group} ${variable.name}`

const numberIn = (text: string, digits: RegExp): number | undefined => {
  const trimmed = text.trim()
  return digits.test(trimmed) && Number(trimmed) > 0 ? Number(trimmed) : undefined
}

/** What a person configures for the runs to come. Only what is ticked counts; the rest stays the script's. */
export class ConfigurationForm {
  kind = $state<'start-run' | 'experiment'>('start-run')
  startRun = $state('')
  rbNumber = $state('')
  description = $state('')
  /** Of the script as it is now. */
  readonly declared: readonly Variable[]
  /** The one that is being changed. */
  readonly before: RunConfiguration | undefined
  readonly #edits = new SvelteMap<string, Edit>()
  readonly #configured = new SvelteMap<string, boolean>()

  constructor(declared: readonly Variable[], before: RunConfiguration | undefined, startRun: number | null) {
    this.declared = declared
    this.before = before
    this.startRun = startRun === null ? '' : String(startRun)
    if (!before) return
    this.kind = before.source.kind
    if (before.source.kind === 'experiment') this.rbNumber = String(before.source.rbNumber)
    else this.startRun = String(before.source.startRun)
    this.description = before.description ?? ''
  }

  /** Configured once and not fit for the script any more: saving takes them away. */
  readonly unfit: RunConfiguration['variables'] = $derived.by(
    () => this.before?.variables.filter((variable) => variable.problem !== undefined) ?? [],
  )
  readonly fields: readonly ConfiguredField[] = $derived.by(() =>
    this.declared.map((variable): ConfiguredField => {
      const key = keyOf(variable)
      const byScript = variable.value
      const configured = this.before?.variables.find(
        (one) => one.problem === undefined && one.name === variable.name && one.group === variable.group,
      )
      const start: VariableValue = configured?.value ?? byScript
      const edit = this.#edits.get(key)
      const editor = edit?.editor ?? editorFor(start, variable.name)
      const text = edit?.text ?? fieldText(start, editor)
      const answer = parseField(start, editor, text)
      const isConfigured = this.#configured.get(key) ?? configured !== undefined
      // The mark and the way back belong to what differs from the script; a tick alone holds a value as it is.
      const isChanged = 'fault' in answer || !sameValue(answer.value, byScript)
      return { key, variable, byScript, start, editor, text, answer, isChanged, isConfigured }
    }),
  )
  readonly faults: readonly Field[] = $derived(
    this.fields.filter((field) => field.isConfigured && 'fault' in field.answer),
  )
  readonly count: number = $derived(this.fields.filter((field) => field.isConfigured).length)
  readonly sourceFault: string | undefined = $derived.by(() => {
    if (this.kind === 'experiment')
      return numberIn(this.rbNumber, /^[1-9][0-9]{6}$/) === undefined
        ? 'An RB number has seven digits, such as 1920234.'
        : undefined
    return numberIn(this.startRun, /^[0-9]{1,9}$/) === undefined ? 'Write a run number: digits only.' : undefined
  })

  write(field: Field, text: string): void {
    this.#edits.set(field.key, { editor: field.editor, text })
    this.#configured.set(field.key, true)
  }

  writeAsPython(field: Field): void {
    const value = 'value' in field.answer ? field.answer.value : field.start
    this.#edits.set(field.key, { editor: 'python', text: fieldText(value, 'python') })
  }

  /** Back to the script, whatever that will say. */
  reset(field: Field): void {
    const editor = editorFor(field.byScript, field.variable.name)
    this.#edits.set(field.key, { editor, text: fieldText(field.byScript, editor) })
    this.#configured.set(field.key, false)
  }

  /** Ticked: holds the value that stands there, also where the script's own changes later. */
  tick(field: Field, isTicked: boolean): void {
    if (isTicked) this.#configured.set(field.key, true)
    else this.reset(field)
  }

  /** The request, or undefined while something has to be put right. */
  readonly request: ConfigurationRequest | undefined = $derived.by(() => {
    if (this.sourceFault !== undefined || this.faults.length > 0) return undefined
    const variables = submittedVariables(
      this.fields.flatMap(({ variable, answer, isConfigured }) =>
        isConfigured && 'value' in answer ? [{ variable, value: answer.value }] : [],
      ),
    )
    if (!variables) return undefined
    const description = this.description.trim()
    return {
      source:
        this.kind === 'experiment'
          ? { kind: 'experiment', rbNumber: Number(this.rbNumber.trim()) }
          : { kind: 'start-run', startRun: Number(this.startRun.trim()) },
      variables,
      ...(description !== '' && { description }),
    }
  })
}
