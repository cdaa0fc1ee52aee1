import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const textEndings = new Set(['.js', '.css', '.html', '.svg', '.json', '.txt'])

/** Leaves a `.br` and a `.gz` beside every text file of the build, so that the function `web` never compresses while it serves. */
export const compressed = (): Plugin => {
  let outDir = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: (config) => {
      outDir = config.build.outDir
    },
    closeBundle: () => {
      for (const file of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
        // index.html is completed for each answer and therefore stays as it is.
        if (!file.isFile() || file.name === 'index.html' || !textEndings.has(extname(file.name))) continue
        const path = join(file.parentPath, file.name)
        const bytes = readFileSync(path)
        writeFileSync(
          `${path}.br`,
          brotliCompressSync(bytes, {
            params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
          }),
        )
        writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
