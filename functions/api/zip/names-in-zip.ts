/**
 * Names for files in a ZIP archive, below one folder so that two archives unpacked at the same place do not mix. A backslash is a part of
 * a name here and a separator on Windows, where it could lead out of the folder: it becomes an underscore. Where two names become one, the
 * later is numbered.
 */
export const namesInZip = (folder: string, paths: readonly string[]): readonly string[] => {
  const taken = new Set<string>()
  return paths.map((path) => {
    const safe = path
      .toWellFormed()
      .split('/')
      .map((part) => (part === '' || part === '.' || part === '..' ? '_' : part.replaceAll('\\', '_')))
      .join('/')
    let name = safe
    for (let number = 2; taken.has(name); number += 1) name = numbered(safe, number)
    taken.add(name)
    return `${folder}/${name}`
  })
}

const numbered = (path: string, number: number): string => {
  const dot = path.lastIndexOf('.')
  const isExtension = dot > path.lastIndexOf('/') + 1
  return isExtension ? `${path.slice(0, dot)} (${number})${path.slice(dot)}` : `${path} (${number})`
}
