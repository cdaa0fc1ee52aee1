import { readdir, readFile } from 'node:fs/promises'

/** Memory of a process and of all that it started, in MiB: what is shared counts in shares (PSS). Reader processes and scripts are in it. */
export const memoryOf = async (roots: readonly number[]): Promise<ReadonlyMap<number, number>> => {
  const children = await childrenOfAll()
  const others = new Set(roots)
  const found = new Map<number, number>()
  for (const root of roots) {
    const family = [root]
    for (const pid of family) family.push(...(children.get(pid) ?? []).filter((child) => !others.has(child)))
    const sizes = await Promise.all(family.map(pssOf))
    found.set(
      root,
      sizes.reduce((sum, size) => sum + size, 0),
    )
  }
  return found
}

const childrenOfAll = async (): Promise<ReadonlyMap<number, readonly number[]>> => {
  const children = new Map<number, number[]>()
  for (const name of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(name)) continue
    const status = await readFile(`/proc/${name}/status`, 'utf8').catch(() => '')
    const parent = Number(/^PPid:\s*([0-9]+)/m.exec(status)?.[1])
    if (!Number.isNaN(parent)) children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  return children
}

/** Zero for one that has ended meanwhile. */
const pssOf = async (pid: number): Promise<number> => {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss:\s*([0-9]+) kB/m.exec(rollup)?.[1] ?? 0) / 1024
}
