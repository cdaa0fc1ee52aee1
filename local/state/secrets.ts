import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder, writePrivateFile } from '../services/private-service.ts'

/** Makes the passwords that are missing, once; all are kept. */
export function ensureSecrets(directory: string): void {
  makePrivateFolder(directory)
  keep(directory, 'basic-auth-user', () => 'admin')
  keep(directory, 'basic-auth-password', () => randomBytes(24).toString('hex'))
  keep(directory, 'internal-key', () => randomBytes(32).toString('hex'))
}

/** Writes a secret unless it is that already: functions see only real changes. */
export function writeSecret(directory: string, name: string, value: string): void {
  const path = join(directory, name)
  if (!existsSync(path) || readFileSync(path, 'utf8') !== value) writePrivateFile(path, value)
}

/** It need not be there. */
export function removeSecret(directory: string, name: string): void {
  rmSync(join(directory, name), { force: true })
}

export function readStateSecret(directory: string, name: string): string {
  return readFileSync(join(directory, name), 'utf8').trim()
}

function keep(directory: string, name: string, make: () => string): void {
  const path = join(directory, name)
  if (!existsSync(path) || readFileSync(path, 'utf8') === '') writePrivateFile(path, make())
}
