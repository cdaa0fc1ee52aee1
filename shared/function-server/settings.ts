import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** A setting is missing or wrong; the message names it and what was expected, never a secret's value. */
export class SettingsFault extends Error {
  override readonly name = 'SettingsFault'
}

/**
 * Parses the environment once, at start. An empty variable counts as absent, as `${NAME:-}` in stack.yml leaves it.
 * @throws {SettingsFault} with one sentence per wrong variable
 */
export const readSettings = <Settings>(
  schema: z.ZodType<Settings>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings => {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new SettingsFault(
    parsed.error.issues.map((issue) => `The setting ${issue.path.join('.')} is wrong: ${issue.message}.`).join(' '),
  )
}

/** `"true"`, `"1"`, `"false"`, `"0"`. */
export const booleanSetting = z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1')

const secretPath = (name: string): string => join(process.env['secret_mount_path'] || '/var/openfaas/secrets', name)

/**
 * A secret, read from its file each time it is asked for, since operators replace secrets while functions run.
 * @throws {SettingsFault} naming the file
 */
export const readSecret = (name: string): string => {
  const value = readOptionalSecret(name)
  if (value !== null) return value
  throw new SettingsFault(
    `The secret ${name} cannot be read (${secretPath(name)}). Create it and start the function again.`,
  )
}

/**
 * A secret that need not be; null where there is no file of its name.
 * @throws {SettingsFault} naming the file, when it is there and is empty or cannot be read
 */
export const readOptionalSecret = (name: string): string | null => {
  const path = secretPath(name)
  let value: string
  try {
    value = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    if (cause instanceof Error && Reflect.get(cause, 'code') === 'ENOENT') return null
    throw new SettingsFault(`The secret ${name} cannot be read (${path}). Create it and start the function again.`, {
      cause,
    })
  }
  if (value === '') throw new SettingsFault(`The secret ${name} is empty (${path}).`)
  return value
}
