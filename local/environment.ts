import './assert-node.ts'
import { join } from 'node:path'
import { ensureEnvironment } from './environments/python-environment.ts'
import { recipeNames } from './environments/recipes.ts'
import { readStateDirectory } from './state/up-settings.ts'

/** `make environment RECIPE=scipp` */
const projectDirectory = join(import.meta.dirname, '..')
const asked = process.env['RECIPE']
const recipe = recipeNames.find((name) => name === asked)
if (recipe === undefined) {
  console.error(`Say which: make environment RECIPE=${recipeNames.join('|')}`)
  process.exit(1)
}
try {
  const { interpreter, isNew } = await ensureEnvironment(recipe, {
    stateDirectory: readStateDirectory(process.env, projectDirectory),
    projectDirectory,
    onWait: (holder) => console.log(`waiting for the environment that ${holder} is making`),
    say: (text) => console.log(text),
  })
  console.log(`${recipe}: ${isNew ? 'made' : 'unchanged'}, ${interpreter}`)
  console.log('A running stack offers it within ten seconds, where ENVIRONMENTS_FILE is not set.')
} catch (error) {
  console.error(`make environment failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
}
