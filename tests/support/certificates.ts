import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export type IssuedCertificate = { readonly certificate: string; readonly key: string }

/** What Java's key stores in tests are opened with. */
export const storePassword = 'for-tests'

/** A certificate authority for one test file: an hour's validity, keys on an elliptic curve, since those are made at once. */
export const makeAuthority = async (name: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'))
  const at = (file: string): string => join(folder, file)
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  await openssl('req', '-x509', ...newKey, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', `/CN=${name}`, '-days', '1')
  let issued = 0

  return {
    folder,
    /** PEM. */
    certificate: readFileSync(at('ca.pem'), 'utf8'),
    /** @param days how long it is valid from now on; -1 for one that has expired */
    async issue(commonName: string, alternativeNames: string, days = 1): Promise<IssuedCertificate> {
      const file = `issued-${(issued += 1)}`
      writeFileSync(at(`${file}.ext`), `subjectAltName=${alternativeNames}\n`)
      await openssl('req', ...newKey, '-keyout', `${file}.key`, '-out', `${file}.csr`, '-subj', `/CN=${commonName}`)
      const [request, signer] = [
        ['-in', `${file}.csr`, '-extfile', `${file}.ext`],
        ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ]
      await openssl('x509', '-req', ...request, ...signer, '-days', String(days), '-out', `${file}.pem`)
      return { certificate: readFileSync(at(`${file}.pem`), 'utf8'), key: readFileSync(at(`${file}.key`), 'utf8') }
    },
    remove: (): void => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Writes a certificate with its key as Java's servers want it. */
export const writeKeyStore = async (path: string, { certificate, key }: IssuedCertificate): Promise<void> => {
  writeFileSync(`${path}.pem`, certificate + key, { mode: 0o600 })
  await run('openssl', ['pkcs12', '-export', '-in', `${path}.pem`, '-out', path, '-passout', `pass:${storePassword}`])
}

/** Writes whom a Java server trusts. */
export const writeTrustStore = async (path: string, authority: string): Promise<void> => {
  writeFileSync(`${path}.pem`, authority)
  rmSync(path, { force: true })
  const store = ['-keystore', path, '-storetype', 'PKCS12', '-storepass', storePassword]
  await run('keytool', ['-importcert', '-noprompt', '-alias', 'authority', '-file', `${path}.pem`, ...store])
}
