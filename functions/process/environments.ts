import { constants } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { environmentsSchema, type Environment } from '#contracts/environments.ts'
import { SettingsFault } from '#function-server/settings.ts'

export type FoundEnvironments = {
  readonly present: readonly Environment[]
  /** Configured, but without an interpreter on this machine; other processors may have them. */
  readonly missing: readonly Environment[]
}

/**
 * The software environments of the file, by whether this machine has them.
 * @throws {SettingsFault} where the file cannot be read or is wrong
 */
export const readEnvironments = async (path: string): Promise<FoundEnvironments> => {
  const present: Environment[] = []
  const missing: Environment[] = []
  for (const environment of await parseFile(path)) {
    const canRun = await access(environment.interpreter, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (canRun) present.push(environment)
    else missing.push(environment)
  }
  return { present, missing }
}

const parseFile = async (path: string): Promise<readonly Environment[]> => {
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SettingsFault(`The file ${path}, named by ENVIRONMENTS_FILE, cannot be read.`, { cause })
  })
  const parsed = environmentsSchema.safeParse(jsonOf(content))
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim())
  throw new SettingsFault(`The file ${path}, named by ENVIRONMENTS_FILE, is wrong: ${issues.join('; ')}.`)
}

const jsonOf = (content: string): unknown => {
  try {
    return JSON.parse(content)
  } catch {
    return undefined
  }
}
