import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'

/** Builds the portal as it is delivered, into a folder of its own. */
export const buildPortal = async (): Promise<{ readonly publicRoot: string; readonly remove: () => void }> => {
  const publicRoot = mkdtempSync(join(tmpdir(), 'portal-'))
  const root = join(import.meta.dirname, '../../../web')
  await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'error', build: { outDir: publicRoot } })
  return { publicRoot, remove: () => rmSync(publicRoot, { recursive: true, force: true }) }
}
