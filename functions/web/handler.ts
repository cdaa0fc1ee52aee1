import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { serveFunction } from '#function-server/serve-function.ts'
import { readSettings } from '#function-server/settings.ts'
import { webRoutes } from './routes.ts'

const settings = readSettings(z.object({ public_root: z.string().optional(), api_base: z.string().optional() }))

// Bundled, the files lie beside the bundle; from its source the function serves what was built last.
const beside = join(import.meta.dirname, 'public')
const publicRoot =
  settings.public_root ?? (existsSync(beside) ? beside : join(import.meta.dirname, '../../dist/web/public'))

serveFunction({
  name: 'web',
  routes: webRoutes({ publicRoot, apiBase: settings.api_base }),
  ready: () => existsSync(join(publicRoot, 'index.html')),
})
