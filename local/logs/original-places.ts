import { existsSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { dirname, relative, resolve } from 'node:path'

/**
 * Puts the places of our sources into a stack that speaks of bundles: `dist/detect/main.mjs:1:2` becomes
 * `functions/detect/handler.ts:3:4`. Done here, when a person reads, since Node's own way (`--enable-source-maps`)
 * costs every process 50 MB and a second at its start.
 */
export function withOriginalPlaces(text: string, projectDirectory: string): string {
  return text.replaceAll(
    /(?:file:\/\/)?(\/[^():\n]*\.mjs):(\d+):(\d+)/g,
    (place, file: string, line: string, column: string) => {
      const path = decodeURI(file)
      const entry = mapOf(path)?.findEntry(Number(line) - 1, Number(column) - 1)
      if (entry === undefined || !('originalSource' in entry)) return place
      const source = relative(projectDirectory, resolve(dirname(path), entry.originalSource))
      return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
    },
  )
}

const maps = new Map<string, SourceMap | undefined>()

function mapOf(bundle: string): SourceMap | undefined {
  if (!maps.has(bundle)) maps.set(bundle, readMap(`${bundle}.map`))
  return maps.get(bundle)
}

function readMap(path: string): SourceMap | undefined {
  if (!existsSync(path)) return undefined
  try {
    // What esbuild wrote; SourceMap looks at each part of it itself.
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0])
  } catch {
    return undefined
  }
}
