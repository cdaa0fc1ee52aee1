import { join } from 'node:path'
import { buildPortal } from './build-portal.ts'
import { bundlePrograms } from './bundle-programs.ts'

/** `npm run build`: everything into `dist/`. */
const projectDirectory = join(import.meta.dirname, '..', '..')
const dist = join(projectDirectory, 'dist')
const [programs, portal] = await Promise.all([
  bundlePrograms(projectDirectory, dist),
  buildPortal(projectDirectory, dist),
])
console.log(`made: ${programs.made.join(' ') || 'nothing'}; unchanged: ${programs.unchanged.join(' ') || 'nothing'}`)
console.log(`portal: ${portal}`)
