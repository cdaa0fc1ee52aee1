import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

export type SecretStore = {
  names(): readonly string[]
  has(name: string): boolean
  /** Belongs to the gateway itself: functions may be given it, but nobody sees or changes it from outside. */
  isOwn(name: string): boolean
  write(name: string, value: Buffer): void
  remove(name: string): void
  /** Changes when one of these secrets does. */
  fingerprint(names: readonly string[]): string
  /** A folder with these secrets and no others; each follows its secret when that is replaced. */
  mount(reader: string, names: readonly string[]): string
}

/** A file's name, and nothing that could lead elsewhere. */
export const secretName = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

const ownNames = ['basic-auth-user', 'basic-auth-password']

/** Secrets as files that only we can read. */
export function openSecretStore(directory: string, mounts: string): SecretStore {
  for (const folder of [directory, mounts]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700)
  }
  const place = (name: string) => join(directory, name)
  return {
    names: () => readdirSync(directory).filter((name) => secretName.test(name) && !ownNames.includes(name)),
    has: (name) => secretName.test(name) && existsSync(place(name)),
    isOwn: (name) => ownNames.includes(name),
    write: (name, value) => {
      writeFileSync(place(name), value, { mode: 0o600 })
      chmodSync(place(name), 0o600)
    },
    remove: (name) => rmSync(place(name), { force: true }),
    fingerprint: (names) => {
      const hash = createHash('sha256')
      for (const name of names) hash.update(name).update(existsSync(place(name)) ? readFileSync(place(name)) : '')
      return hash.digest('hex')
    },
    mount: (reader, names) => {
      const folder = join(mounts, reader)
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      for (const name of readdirSync(folder)) if (!names.includes(name)) rmSync(join(folder, name), { force: true })
      const there = readdirSync(folder)
      for (const name of names) if (!there.includes(name)) symlinkSync(place(name), join(folder, name))
      return folder
    },
  }
}
