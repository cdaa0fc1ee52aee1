import { accessSync, constants, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readGivenBroker, type GivenBroker } from './given-broker.ts'

/** A setting of `make up` is wrong; the message names it and what was expected. */
export class UpSettingsFault extends Error {
  override readonly name = 'UpSettingsFault'
}

/** An empty variable counts as not given: `PORT= make up`. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional())

const address = (protocol: string, example: string) =>
  z.string().refine((text) => URL.canParse(text) && new URL(text).protocol === protocol, `must look like ${example}`)

const schema = z.object({
  PORT: optional(
    z
      .string()
      .regex(/^\d+$/, 'must be a port number')
      .transform(Number)
      .pipe(z.number().min(1, 'must be a port number').max(65_535, 'must be a port number')),
  ),
  STATE_DIR: optional(z.string()),
  ARCHIVE_ROOT: optional(z.string()),
  RESULTS_ROOT: optional(z.string()),
  INSTRUMENTS_FILE: optional(z.string()),
  ENVIRONMENTS_FILE: optional(z.string()),
  DATABASE_URL: optional(address('mysql:', 'mysql://user:password@host:3306/database')),
  BROKER_URL: optional(z.string()),
  BROKER_CA: optional(z.string()),
  BROKER_USER: optional(z.string()),
  BROKER_PASSWORD_FILE: optional(z.string()),
})

export type UpSettings = {
  readonly port: number
  readonly stateDirectory: string
  /** Undefined: a sample archive with the beam simulator. */
  readonly archiveRoot: string | undefined
  /** Undefined: in the state directory. */
  readonly resultsRoot: string | undefined
  readonly instrumentsFile: string | undefined
  /** The Python environments of scripts; undefined: the one that `make up` makes. */
  readonly environmentsFile: string | undefined
  readonly databaseUrl: string | undefined
  readonly broker: GivenBroker | undefined
}

/**
 * Reads the settings of `make up`. Relative paths are meant from where `make` was called.
 * @throws {UpSettingsFault} never with a value that may hold a password
 */
export function readUpSettings(
  environment: Readonly<Record<string, string | undefined>>,
  projectDirectory: string,
): UpSettings {
  const parsed = schema.safeParse(environment)
  if (!parsed.success) {
    const what = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`)
    throw new UpSettingsFault(what.join(' '))
  }
  const given = parsed.data
  const path = (text: string | undefined) => (text === undefined ? undefined : resolve(text))
  return {
    port: given.PORT ?? 8080,
    stateDirectory: path(given.STATE_DIR) ?? join(projectDirectory, '.local'),
    archiveRoot: folder('ARCHIVE_ROOT', path(given.ARCHIVE_ROOT), constants.R_OK | constants.X_OK, 'read'),
    resultsRoot: folder('RESULTS_ROOT', path(given.RESULTS_ROOT), constants.W_OK | constants.X_OK, 'written'),
    instrumentsFile: readableFile('INSTRUMENTS_FILE', path(given.INSTRUMENTS_FILE)),
    environmentsFile: readableFile('ENVIRONMENTS_FILE', path(given.ENVIRONMENTS_FILE)),
    databaseUrl: given.DATABASE_URL,
    broker: readGivenBroker(
      {
        url: given.BROKER_URL,
        caFile: readableFile('BROKER_CA', path(given.BROKER_CA)),
        user: given.BROKER_USER,
        passwordFile: readableFile('BROKER_PASSWORD_FILE', path(given.BROKER_PASSWORD_FILE)),
      },
      (sentence) => {
        throw new UpSettingsFault(sentence)
      },
    ),
  }
}

/** Only STATE_DIR: what `make down`, `status` and `logs` need to find what runs. */
export function readStateDirectory(
  environment: Readonly<Record<string, string | undefined>>,
  projectDirectory: string,
): string {
  const given = environment['STATE_DIR']
  return given === undefined || given === '' ? join(projectDirectory, '.local') : resolve(given)
}

function folder(name: string, path: string | undefined, access: number, verb: string): string | undefined {
  if (path === undefined) return undefined
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new UpSettingsFault(`${name} is ${path}, which does not exist.`)
  if (!found.isDirectory()) throw new UpSettingsFault(`${name} is ${path}, which is no folder.`)
  if (!can(path, access)) throw new UpSettingsFault(`${name} is ${path}, which cannot be ${verb} by this user.`)
  return path
}

function readableFile(name: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  if (statSync(path, { throwIfNoEntry: false })?.isFile() && can(path, constants.R_OK)) return path
  throw new UpSettingsFault(`${name} is ${path}, which is no file that this user can read.`)
}

function can(path: string, access: number): boolean {
  try {
    accessSync(path, access)
    return true
  } catch {
    return false
  }
}
