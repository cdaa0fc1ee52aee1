import { readFileSync } from 'node:fs'
import { BrokerAddressFault, parseBrokerAddress } from '#broker/broker-address.ts'
import { BrokerCertificateFault, noCertificates, secureContextOf } from '#broker/broker-certificates.ts'

/** Somebody's own broker, as its secrets will say it. */
export type GivenBroker = {
  /** Secret `broker-url`: with user and password, also where they came from a file. */
  readonly url: string
  /** Secret `broker-ca`, PEM; null where the authorities of the machine are trusted. */
  readonly authority: string | null
}

/** What the settings say; files are known to be readable. */
export type BrokerSettings = {
  readonly url: string | undefined
  readonly caFile: string | undefined
  readonly user: string | undefined
  readonly passwordFile: string | undefined
}

/**
 * @param refuse throws with the sentence it is given
 * @returns undefined where no broker is named
 */
export function readGivenBroker(
  settings: BrokerSettings,
  refuse: (sentence: string) => never,
): GivenBroker | undefined {
  const { url, caFile, user, passwordFile } = settings
  if (url === undefined) {
    const names = { BROKER_CA: caFile, BROKER_USER: user, BROKER_PASSWORD_FILE: passwordFile }
    const [idle] = Object.entries(names).find(([, value]) => value !== undefined) ?? []
    return idle === undefined ? undefined : refuse(`${idle} is set, but no BROKER_URL: say which broker it is for.`)
  }
  const address = orRefuse(() => parseBrokerAddress(url), 'BROKER_URL cannot be used.', refuse)
  const hasLogin = address.user !== null || address.password !== null
  if (hasLogin && (address.isEncrypted || user !== undefined || passwordFile !== undefined)) {
    refuse(
      'BROKER_URL holds a user or password, which others may see: give them by BROKER_USER and BROKER_PASSWORD_FILE.',
    )
  }
  if ((user === undefined) !== (passwordFile === undefined)) {
    refuse('BROKER_USER and BROKER_PASSWORD_FILE belong together: set both or neither.')
  }
  if (caFile !== undefined && !address.isEncrypted) {
    refuse(
      'BROKER_CA is set, but BROKER_URL begins with stomp:, which encrypts nothing: write stomp+ssl:, or leave BROKER_CA away.',
    )
  }
  const authority = caFile === undefined ? null : readFileSync(caFile, 'utf8')
  if (authority !== null) {
    const about = `BROKER_CA is ${caFile}, which cannot be used.`
    orRefuse(() => secureContextOf({ ...noCertificates, authority }), about, refuse)
  }
  if (user === undefined || passwordFile === undefined) return { url, authority }
  // The line's end belongs to the file; blanks may belong to the password.
  const password = readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '')
  if (password === '')
    refuse(`BROKER_PASSWORD_FILE is ${passwordFile}, which is empty: it is to hold the password alone.`)
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
  return { url: url.trim().replace('://', () => `://${login}@`), authority }
}

function orRefuse<T>(attempt: () => T, about: string, refuse: (sentence: string) => never): T {
  try {
    return attempt()
  } catch (fault) {
    if (fault instanceof BrokerAddressFault || fault instanceof BrokerCertificateFault)
      refuse(`${about} ${fault.message}`)
    throw fault
  }
}
