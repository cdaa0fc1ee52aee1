import type { ListedRun, Run } from '#contracts/api.ts'

export const keyOfRun = (run: Pick<Run, 'instrument' | 'runNumber'>): string => `${run.instrument}/${run.runNumber}`

/** The same rows with what is newer about them; their order and number stay. Rows that did not change stay the same objects. */
export const renewRuns = (shown: readonly ListedRun[], fresh: readonly ListedRun[]): readonly ListedRun[] => {
  const byKey = new Map(fresh.map((run) => [keyOfRun(run), run]))
  let isChanged = false
  const renewed = shown.map((run) => {
    const newer = byKey.get(keyOfRun(run))
    if (!newer || JSON.stringify(newer) === JSON.stringify(run)) return run
    isChanged = true
    return newer
  })
  return isChanged ? renewed : shown
}

/** Rows of the newest page that are not shown yet. */
export const unseenRuns = (shown: readonly ListedRun[], newest: readonly ListedRun[]): readonly ListedRun[] => {
  const keys = new Set(shown.map(keyOfRun))
  return newest.filter((run) => !keys.has(keyOfRun(run)))
}

/** The newest page first, then what was shown below it; no row twice. */
export const putOnTop = (shown: readonly ListedRun[], newest: readonly ListedRun[]): readonly ListedRun[] => {
  const keys = new Set(newest.map(keyOfRun))
  return [...newest, ...shown.filter((run) => !keys.has(keyOfRun(run)))]
}

/** The next page below; rows that moved down meanwhile are not shown twice. */
export const putBelow = (shown: readonly ListedRun[], page: readonly ListedRun[]): readonly ListedRun[] => [
  ...shown,
  ...unseenRuns(shown, page),
]
