/** The most runs one request may name; an administrator's limit (domain reference, section 6, says 500; the bench asks 1,000). */
export const largestRequest = 5_000

export type RunList = { readonly runs: readonly number[] } | { readonly fault: string }

const describePart = (part: string): string => `“${part.trim()}”`

/**
 * Run numbers as people write them: `1-5,7` or `1, 4-6`. Refuses, in words, what has no clear meaning:
 * `5-1`, `-`, `7,7`, an empty text, and more than {@link largestRequest} runs.
 */
export const parseRunRanges = (text: string): RunList => {
  const runs: number[] = []
  const seen = new Set<number>()
  if (text.trim() === '') return { fault: 'No run numbers are given. Write them like 1-5, 7.' }
  for (const part of text.split(',')) {
    const match = /^\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?$/.exec(part)
    if (!match) return { fault: `${describePart(part)} is not a run number or a range. Write them like 1-5, 7.` }
    const first = Number(match[1])
    const last = match[2] === undefined ? first : Number(match[2])
    if (first < 1) return { fault: `${describePart(part)}: run numbers start at 1.` }
    if (last < first) return { fault: `The range ${describePart(part)} runs backwards. Write ${last}-${first}.` }
    if (last - first >= largestRequest) return { fault: tooMany }
    for (let run = first; run <= last; run += 1) {
      if (seen.has(run)) return { fault: `Run ${run} is named twice.` }
      seen.add(run)
      runs.push(run)
    }
    if (runs.length > largestRequest) return { fault: tooMany }
  }
  return { runs }
}

const tooMany = `That is more than ${largestRequest} runs. Ask for them in several parts.`

/** The shortest text for a list of runs: `[1,2,3,7]` is `1-3, 7`. */
export const describeRuns = (runs: readonly number[]): string => {
  const sorted = [...runs].sort((left, right) => left - right)
  const parts: string[] = []
  let first = sorted[0]
  for (const [place, run] of sorted.entries()) {
    if (first === undefined || sorted[place + 1] === run + 1) continue
    parts.push(first === run ? `${run}` : `${first}-${run}`)
    first = sorted[place + 1]
  }
  return parts.join(', ')
}
