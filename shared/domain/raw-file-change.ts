/** A raw file as somebody found it; null where that was not seen. */
export type SeenFile = { readonly sizeBytes: number | null; readonly modifiedAt: string | null }

export const describeRawFile = ({ sizeBytes, modifiedAt }: SeenFile): string =>
  `${sizeBytes ?? 'an unknown number of'} bytes of ${modifiedAt ?? 'an unknown time'}`

/** Why a run's raw file is not the one it was, in words; undefined where nothing tells them apart. */
export const changeOfRawFile = (runNumber: number, then: SeenFile, now: SeenFile): string | undefined => {
  const differs = <Value>(before: Value | null, after: Value | null): boolean =>
    before !== null && after !== null && before !== after
  const timeOf = ({ modifiedAt }: SeenFile): number | null => (modifiedAt === null ? null : Date.parse(modifiedAt))
  if (!differs(then.sizeBytes, now.sizeBytes) && !differs(timeOf(then), timeOf(now))) return undefined
  return `The raw file of run ${runNumber} has changed since: then ${describeRawFile(then)}, now ${describeRawFile(now)}.`
}
