import { join } from 'node:path'
import { environmentsSchema, type Environment } from '#contracts/environments.ts'
import { ensurePythonEnvironment } from '../../local/environments/python-environment.ts'
import { recipes } from '../../local/environments/recipes.ts'

const projectDirectory = join(import.meta.dirname, '..', '..')

/** What `make up` gives scripts: numpy, h5py and matplotlib, imported ahead. Made where it is missing; that is not measured. */
export const preparedSoftware = async (signal?: AbortSignal): Promise<Environment> => {
  const { interpreter, version } = await ensurePythonEnvironment({
    stateDirectory: join(projectDirectory, '.local'),
    projectDirectory,
    say: (text) => console.error(text),
    ...(signal && { signal }),
  })
  const { name, imports } = recipes.python
  const [software] = environmentsSchema.parse([
    { name: `${name} with packages`, version, interpreter, imports, default: true },
  ])
  if (!software) throw new Error('there is no software to measure with')
  return software
}
