export type RunRange = readonly [first: number, last: number]

const mostParts = 200
const example = 'Write them like 1-5,7.'

/**
 * Run numbers to look for: `44733`, or ranges such as `1-5,7`. Unlike a submission a search may name a run twice and be as wide as it
 * likes; ranges are joined where they touch.
 */
export const parseRunFilter = (text: string): { readonly ranges: readonly RunRange[] } | { readonly fault: string } => {
  const ranges: RunRange[] = []
  const parts = text.split(',')
  if (parts.length > mostParts)
    return { fault: `That names more than ${mostParts} ranges of runs. Ask for fewer at once.` }
  for (const part of parts) {
    const match = /^\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?$/.exec(part)
    if (!match) return { fault: `“${part.trim()}” is not a run number or a range. ${example}` }
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (last < first) return { fault: `The range “${part.trim()}” runs backwards. Write ${last}-${first}.` }
    ranges.push([first, last])
  }
  return { ranges: joined(ranges) }
}

const joined = (ranges: readonly RunRange[]): readonly RunRange[] => {
  const result: RunRange[] = []
  for (const [first, last] of ranges.toSorted((left, right) => left[0] - right[0])) {
    const before = result.at(-1)
    if (before && first <= before[1] + 1) result[result.length - 1] = [before[0], Math.max(before[1], last)]
    else result.push([first, last])
  }
  return result
}
