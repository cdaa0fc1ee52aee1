import { readFile } from 'node:fs/promises'
import { familiesOf } from './families.ts'

/** Memory of a process and of all that it started, in MiB: what is shared counts in shares (PSS). Reader processes and scripts are in it. */
export const memoryOf = async (roots: readonly number[]): Promise<ReadonlyMap<number, number>> => {
  const found = new Map<number, number>()
  for (const [root, family] of await familiesOf(roots)) {
    const sizes = await Promise.all(family.map(pssOf))
    found.set(
      root,
      sizes.reduce((sum, size) => sum + size, 0),
    )
  }
  return found
}

/** Without what it has started, in MiB. Zero for one that has ended meanwhile. */
export const pssOf = async (pid: number): Promise<number> => {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s*([0-9]+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
}
