import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const recordSchema = z.object({ files: z.array(z.string()), fingerprint: z.string() })

/** What a build was made from, so that it need not be made again while that is the same. */
export function readInputs(dist: string, name: string): z.infer<typeof recordSchema> | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(recordFile(dist, name), 'utf8')))
  } catch {
    return undefined
  }
}

export function writeInputs(dist: string, name: string, files: readonly string[], fingerprint: string): void {
  mkdirSync(join(dist, '.inputs'), { recursive: true })
  writeFileSync(recordFile(dist, name), JSON.stringify({ files, fingerprint }, null, 1))
}

/** A fingerprint of these files' names and contents; a missing one counts too. */
export function fingerprintOf(
  projectDirectory: string,
  files: readonly string[],
  more: readonly string[] = [],
): string {
  const hash = createHash('sha256')
  for (const text of more) hash.update(text).update('\0')
  for (const file of [...files].sort()) {
    const path = join(projectDirectory, file)
    hash.update(file).update('\0')
    if (existsSync(path)) hash.update(readFileSync(path)).update('\0')
  }
  return hash.digest('hex')
}

const leftOut = new Set(['node_modules', '__pycache__', 'dist'])

/** Every file below a folder of the project, except what is made. */
export function filesBelow(projectDirectory: string, folder: string): string[] {
  const entries = readdirSync(join(projectDirectory, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (leftOut.has(entry.name)) return []
    return entry.isDirectory() ? filesBelow(projectDirectory, path) : [path]
  })
}

function recordFile(dist: string, name: string): string {
  return join(dist, '.inputs', `${name}.json`)
}
