import { readdir, readFile } from 'node:fs/promises'

/** Each of these processes with all that it started and that lives, itself first; a family within a family is only counted for itself. */
export const familiesOf = async (roots: readonly number[]): Promise<ReadonlyMap<number, readonly number[]>> => {
  const children = await childrenOfAll()
  const others = new Set(roots)
  return new Map(
    roots.map((root) => {
      const family = [root]
      for (const pid of family) family.push(...(children.get(pid) ?? []).filter((child) => !others.has(child)))
      return [root, family]
    }),
  )
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
