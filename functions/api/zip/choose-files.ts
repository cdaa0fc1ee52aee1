import type { ResultFile } from '#contracts/api.ts'

/** What somebody asked for: paths, or places in the list of files as `1-3,7`; all where neither is given. */
export type Wanted = { readonly paths: readonly string[] | undefined; readonly places: string | undefined }

/** The files that are meant, in the order of the list and each once; or what is wrong, in words. */
export const chooseFiles = (
  files: readonly ResultFile[],
  wanted: Wanted,
): { readonly chosen: readonly ResultFile[] } | { readonly fault: string } => {
  if (wanted.paths === undefined && wanted.places === undefined) return { chosen: files }
  const unknown = wanted.paths?.find((path) => !files.some((file) => file.path === path))
  if (unknown !== undefined) return { fault: `There is no file “${unknown}” among them.` }
  const places = placesIn(wanted.places, files.length)
  if ('fault' in places) return places
  const paths = new Set(wanted.paths)
  return { chosen: files.filter((file, place) => paths.has(file.path) || places.has(place + 1)) }
}

const placesIn = (text: string | undefined, count: number): ReadonlySet<number> | { readonly fault: string } => {
  const places = new Set<number>()
  if (text === undefined) return places
  for (const part of text.split(',')) {
    const match = /^\s*([0-9]{1,6})\s*(?:-\s*([0-9]{1,6})\s*)?$/.exec(part)
    const first = Number(match?.[1])
    const last = Number(match?.[2] ?? match?.[1])
    if (!match || first < 1 || last < first || last > count) {
      return { fault: `“${part}” names none of the ${count} files. Places count from 1, as in 1-3,7.` }
    }
    for (let place = first; place <= last; place += 1) places.add(place)
  }
  return places
}
