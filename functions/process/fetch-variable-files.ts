import type { ScriptFiles } from '#contracts/script.ts'
import type { GivenArguments } from '#contracts/variables.ts'
import { addressOf, variableFileOf } from '#domain/variable-files.ts'
import { valueFromJson, type Variable } from '#domain/variables.ts'
import { fetchText, type FetchRules, type FetchedText } from './fetch-text.ts'

/** The file of a variable as the runner gets it: its text, or why it is not there. */
export type FetchedFile = FetchedText & {
  readonly variable: string
  readonly address: string
  readonly fetchedAt: string
}

/** No script has more files than this in its variables. */
const mostFiles = 50

/** The files that a script's variables mean with these values over them; too many rather than too few. */
const wantedFiles = (
  declared: readonly Variable[],
  given: GivenArguments,
): readonly { readonly variable: string; readonly address: string }[] => {
  const wanted = new Map<string, { readonly variable: string; readonly address: string }>()
  const add = (variable: string, value: Variable['value'] | undefined): void => {
    const file = value && variableFileOf(variable, value)
    if (file && wanted.size < mostFiles) wanted.set(addressOf(file), { variable, address: addressOf(file) })
  }
  for (const { name, typed, plain } of given) {
    const read = typed ? { value: typed } : valueFromJson(plain)
    if ('value' in read) add(name, read.value)
  }
  for (const { name, group, value } of declared) {
    const instead = given.find((one) => one.name === name && (one.group ?? group) === group)
    // One that was configured may turn out not to fit: the script's own is wanted then.
    if (!instead || instead.from) add(name, value)
  }
  return [...wanted.values()]
}

/** Scripts without such variables, nearly all, are known by their text: nothing of them is executed for this. */
const mayMeanFiles = (script: ScriptFiles, given: GivenArguments): boolean =>
  script.some(
    ({ name, base64 }) =>
      name.endsWith('.py') && /["']url["']|\burl\s*=/.test(Buffer.from(base64, 'base64').toString('latin1')),
  ) || JSON.stringify(given).includes('"url"')

/**
 * Fetches what a reduction's variables mean before its script starts, since scripts have no network. What could not be fetched is told in
 * its place: the runner knows for certain which files are needed, and ends the reduction in the words of the first that is not there.
 */
export const fetchVariableFiles = async (
  reduction: { readonly scriptFiles: ScriptFiles; readonly given: GivenArguments },
  declaredVariables: () => Promise<readonly Variable[]>,
  rules: FetchRules,
  signal: AbortSignal,
): Promise<readonly FetchedFile[]> => {
  if (!mayMeanFiles(reduction.scriptFiles, reduction.given)) return []
  const wanted = wantedFiles(await declaredVariables(), reduction.given)
  return Promise.all(
    wanted.map(async (file) => ({
      ...file,
      ...(await fetchText(file.address, rules, signal)),
      fetchedAt: new Date().toISOString(),
    })),
  )
}
