import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { identitySchema, isAlive } from '../processes/identity.ts'
import { stopProcess } from '../processes/stop-process.ts'

/** A service of ours that runs: where it answers (with its password), and how it ends. */
export type PrivateService = { readonly url: string; readonly pid: number; stop(): Promise<void> }

/** Thrown where a private service does not come up. */
export class ServiceStartFault extends Error {
  override readonly name = 'ServiceStartFault'
}

export type PrivateServiceOptions = {
  /** Its own folder: data, settings, password, log. */
  readonly directory: string
  /** `tests`: ended by the kernel together with this process, and open to every database the tests make. */
  readonly purpose?: 'stack' | 'tests'
  readonly signal?: AbortSignal
}

const recordSchema = z.object({ identity: identitySchema, port: z.number().int() })
type ServiceRecord = z.infer<typeof recordSchema>

export function makePrivateFolder(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
}

/** Writes what only its owner may read. */
export function writePrivateFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 })
  chmodSync(path, 0o600)
}

/** The service's password: made at the first start, then kept. */
export function keptPassword(directory: string): string {
  const path = join(directory, 'password')
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  if (/^[0-9a-f]{48}$/.test(kept)) return kept
  const made = randomBytes(24).toString('hex')
  writePrivateFile(path, made)
  return made
}

/** What was written at the last start; undefined where there was none or the file is spoilt. */
export function readRecord(directory: string): ServiceRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(join(directory, 'service.json'), 'utf8')))
  } catch {
    return undefined
  }
}

export function writeRecord(directory: string, record: ServiceRecord): void {
  writePrivateFile(join(directory, 'service.json'), JSON.stringify(record))
}

/** Ends the private service that lives in this folder, if one does. The port stays remembered. */
export async function stopPrivateService(directory: string, graceMs: number): Promise<void> {
  const record = readRecord(directory)
  if (record !== undefined) await stopProcess(record.identity, graceMs)
}

export function isRunning(record: ServiceRecord | undefined): record is ServiceRecord {
  return record !== undefined && isAlive(record.identity)
}

/** The last lines of a log, for the sentence of a fault. */
export function tailOf(logFile: string, lines = 5): string {
  if (!existsSync(logFile)) return '(no log)'
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-lines).join('\n')
}

export function removeIfThere(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
