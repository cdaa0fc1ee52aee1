/** Random choices that a seed repeats (mulberry32). */
export type Chance = {
  readonly between: (least: number, most: number) => number
  readonly one: <Item>(items: readonly Item[]) => Item
  /** A source of its own for a part of the work: what it gives depends on no other part's pace. */
  readonly of: (part: string) => Chance
}

export const openChance = (seed: number): Chance => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    between: (least, most) => least + next() * (most - least),
    one: (items) => {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new Error('there is nothing to choose from')
      return item
    },
    of: (part) => openChance(mixedWith(seed, part)),
  }
}

/** FNV-1a. */
const mixedWith = (seed: number, part: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${seed} ${part}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}
