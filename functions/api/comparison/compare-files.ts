import type { ResultFile } from '#contracts/api.ts'
import type { Change, ComparedInput, ComparedOutput } from '#contracts/comparison.ts'

type Input = NonNullable<ComparedInput['left']>

/** By path; what then remains in order, since another run's file has another name. */
export const compareInputs = (left: readonly Input[], right: readonly Input[]): readonly ComparedInput[] => {
  const isOnBoth = (input: Input): boolean =>
    left.some(({ path }) => path === input.path) && right.some(({ path }) => path === input.path)
  const restOfLeft = left.filter((input) => !isOnBoth(input))
  const restOfRight = right.filter((input) => !isOnBoth(input))
  return [
    ...left.filter(isOnBoth).map((input) => pairOf(input, right.find(({ path }) => path === input.path) ?? null)),
    ...Array.from({ length: Math.max(restOfLeft.length, restOfRight.length) }, (_, place) =>
      pairOf(restOfLeft[place] ?? null, restOfRight[place] ?? null),
    ),
  ]
}

const pairOf = (left: Input | null, right: Input | null): ComparedInput => ({
  left,
  right,
  change: !left ? 'added' : !right ? 'removed' : changeOfInput(left, right),
})

const changeOfInput = (left: Input, right: Input): ComparedInput['change'] => {
  if (left.path !== right.path) return 'changed'
  if (isOther(left.sizeBytes, right.sizeBytes) || isOther(left.modifiedAt, right.modifiedAt)) return 'changed'
  const isKnown = [left, right].every(({ sizeBytes, modifiedAt }) => sizeBytes !== null && modifiedAt !== null)
  return isKnown ? 'same' : 'unknown'
}

const isOther = (left: number | string | null, right: number | string | null): boolean =>
  left !== null && right !== null && left !== right

/** What outputs of one reduction are called after: the stems of its raw files and its run numbers. */
export type OwnNames = {
  readonly stems: readonly string[]
  readonly target: string
  readonly runNumbers: readonly number[]
}

/** Digits on either side belong to another number: run 123 is not in `MARI1234`. */
const withoutOwn = (path: string, own: OwnNames): string => {
  const names = [...own.stems, own.target, ...own.runNumbers.map(String)]
    .filter((name) => name !== '')
    .toSorted((one, other) => other.length - one.length)
  return names.reduce((text, name) => {
    const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    const before = /^[0-9]/.test(name) ? '(?<![0-9])0*' : '(?<![A-Za-z0-9])'
    return text.replaceAll(new RegExp(`${before}${escaped}(?![0-9])`, 'g'), '{run}')
  }, path)
}

/** Side by side by their paths, each side's own run and raw file put aside: `MARI123_bank1.png` goes with `MARI124_bank1.png`. */
export const compareOutputs = (
  left: { readonly files: readonly ResultFile[]; readonly own: OwnNames },
  right: { readonly files: readonly ResultFile[]; readonly own: OwnNames },
): readonly ComparedOutput[] => {
  const onLeft = byName(left.files, left.own)
  const onRight = byName(right.files, right.own)
  return [...new Set([...onLeft.keys(), ...onRight.keys()])].toSorted().map((name) => {
    const one = onLeft.get(name) ?? null
    const other = onRight.get(name) ?? null
    return { name, change: changeOfOutput(one, other), left: one, right: other }
  })
}

const changeOfOutput = (left: ResultFile | null, right: ResultFile | null): ComparedOutput['change'] =>
  !left ? 'added' : !right ? 'removed' : left.sizeBytes === right.sizeBytes ? 'same-size' : 'changed'

/** Where two files of one side would be called the same, each keeps its own path. */
const byName = (files: readonly ResultFile[], own: OwnNames): ReadonlyMap<string, ResultFile> => {
  const counts = new Map<string, number>()
  const names = files.map(({ path }) => withoutOwn(path, own))
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return new Map(
    files.map((file, place) => {
      const name = names[place] ?? file.path
      return [counts.get(name) === 1 ? name : file.path, file]
    }),
  )
}

/** Modules by name; those of one side only are told as such. */
export const compareModules = (
  left: Readonly<Record<string, string>>,
  right: Readonly<Record<string, string>>,
): readonly { name: string; change: Change; left: string | null; right: string | null }[] =>
  [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted().map((name) => {
    const one = left[name] ?? null
    const other = right[name] ?? null
    const change = one === null ? 'added' : other === null ? 'removed' : one === other ? 'same' : 'changed'
    return { name, change, left: one, right: other }
  })
