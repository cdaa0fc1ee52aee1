import type { ReductionClass } from './reduction-classes.ts'

/** The head of one instrument's line in one class. */
export type LineHead = {
  readonly instrument: string
  readonly class: ReductionClass
  /** How long its oldest reduction has been waiting. */
  readonly waitedSeconds: number
}

export type Running = { readonly instrument: string; readonly class: ReductionClass }

export type Situation = {
  /** All slots of all processors that are alive. */
  readonly slots: number
  readonly running: readonly Running[]
  /** Heads of the lines that may move: paused instruments are not among them. */
  readonly heads: readonly LineHead[]
}

/** After this long a re-run counts as fresh, a bulk re-run as a re-run; after twice as long it counts as fresh too. */
export const promotionSeconds: Readonly<Record<'rerun' | 'bulk', number>> = { rerun: 600, bulk: 3_600 }

const urgency = (head: LineHead): number => {
  switch (head.class) {
    case 'fresh':
      return 0
    case 'rerun':
      return head.waitedSeconds >= promotionSeconds.rerun ? 0 : 1
    case 'bulk':
      return Math.max(0, 2 - Math.floor(head.waitedSeconds / promotionSeconds.bulk))
  }
}

/**
 * Who runs next: the heads that may start now, in order, the first first; empty when nothing may.
 *
 * Class comes first (fresh, re-run, bulk; age promotes, so nothing starves), within it the instrument that holds the fewest slots,
 * then who has waited longest. Bulk holds at most half the slots. Where there are two slots or more, the last free one is kept
 * for fresh data of an instrument that holds none: no burst and no row of long scripts delays another instrument's new run.
 */
export const whoIsNext = (situation: Situation): readonly LineHead[] => {
  const free = situation.slots - situation.running.length
  if (free <= 0) return []
  const held = new Map<string, number>()
  for (const { instrument } of situation.running) held.set(instrument, (held.get(instrument) ?? 0) + 1)
  const share = (head: LineHead): number => held.get(head.instrument) ?? 0

  const bulkRunning = situation.running.filter((reduction) => reduction.class === 'bulk').length
  const bulkMayStart = bulkRunning < Math.max(1, Math.floor(situation.slots / 2))
  const isLastSlot = situation.slots >= 2 && free === 1

  return situation.heads
    .filter((head) => head.class !== 'bulk' || bulkMayStart)
    .filter((head) => !isLastSlot || (head.class === 'fresh' && share(head) === 0))
    .toSorted(
      (left, right) =>
        urgency(left) - urgency(right) || share(left) - share(right) || right.waitedSeconds - left.waitedSeconds,
    )
}

/** One instrument's line in one class, and how many stand in it. */
export type Line = LineHead & { readonly count: number }

/** How many of these could start now, one after the other by the rules of {@link whoIsNext}. */
export const howManyMayStart = ({
  slots,
  running,
  lines,
}: Omit<Situation, 'heads'> & { readonly lines: readonly Line[] }): number => {
  const left = new Map(lines.map((line) => [line, line.count]))
  const started: Running[] = []
  for (;;) {
    const heads = lines.filter((line) => (left.get(line) ?? 0) > 0)
    const [next] = whoIsNext({ slots, running: [...running, ...started], heads })
    const line = heads.find((head) => head === next)
    if (!line) return started.length
    left.set(line, (left.get(line) ?? 0) - 1)
    started.push(line)
  }
}
