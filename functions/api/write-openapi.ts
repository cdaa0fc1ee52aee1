import { writeFile } from 'node:fs/promises'
import { describedRoutes } from './described-routes.ts'

const path = new URL('../../docs/openapi.json', import.meta.url)

await writeFile(path, describedRoutes())
console.log('docs/openapi.json describes the API as it is.')
