import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeAuthority } from '../../tests/support/certificates.ts'
import { startSecuredBroker } from '../../tests/support/secured-broker.ts'
import { readUpSettings } from '../state/up-settings.ts'
import { assertBrokerLetsUsIn } from './broker-lets-us-in.ts'

type Authority = Awaited<ReturnType<typeof makeAuthority>>
let [ours, others] = [] as unknown as [Authority, Authority]
let activeMq: Awaited<ReturnType<typeof startSecuredBroker>>
let [ca, otherCa, passwordFile, wrongPasswordFile] = [] as unknown as [string, string, string, string]
let password: string

beforeAll(async () => {
  ours = await makeAuthority('ours')
  others = await makeAuthority('others')
  activeMq = await startSecuredBroker(ours.certificate, await ours.issue('broker', 'DNS:localhost'))
  password = decodeURIComponent(new URL(activeMq.tlsUrl).password)
  const write = (name: string, text: string): string => {
    writeFileSync(join(ours.folder, name), text)
    return join(ours.folder, name)
  }
  ca = write('given-ca.pem', ours.certificate)
  otherCa = write('given-other-ca.pem', others.certificate)
  passwordFile = write('given-password', `${password}\n`)
  wrongPasswordFile = write('given-wrong-password', 'hunter2\n')
}, 180_000)
afterAll(async () => {
  await activeMq.remove()
  ours.remove()
  others.remove()
})

/** Reads the settings and greets the broker, as `make up` does. */
const greet = async (settings: Readonly<Record<string, string>>): Promise<void> => {
  const login = { BROKER_USER: new URL(activeMq.tlsUrl).username, BROKER_PASSWORD_FILE: passwordFile }
  const { broker } = readUpSettings({ BROKER_CA: ca, ...login, ...settings }, '/project')
  if (broker === undefined) throw new Error('the settings name no broker')
  await assertBrokerLetsUsIn(broker)
}

const refusalOf = async (settings: Readonly<Record<string, string>>): Promise<string> => {
  const refusal: unknown = await greet(settings).catch((fault: unknown) => fault)
  expect(refusal).toMatchObject({ name: 'NoServiceFault' })
  expect(String(refusal)).not.toContain(password)
  expect(String(refusal)).not.toContain('hunter2')
  return String(refusal)
}

const tls = () => `stomp+ssl://localhost:${activeMq.tlsPort}`
const plainPort = () => new URL(activeMq.plainUrl).port

test('A broker with TLS lets us in by its authority and the password of a file; one without by its address alone', async () => {
  await greet({ BROKER_URL: tls() })
  await greet({ BROKER_URL: activeMq.plainUrl, BROKER_CA: '', BROKER_USER: '', BROKER_PASSWORD_FILE: '' })
})

test('A wrong authority, or none, is named with the setting that it belongs into', async () => {
  const wrong = await refusalOf({ BROKER_URL: tls(), BROKER_CA: otherCa })
  expect(wrong).toContain('does not come from the authority in the secret broker-ca')
  expect(wrong).toContain('Correct BROKER_URL, BROKER_CA (it becomes the secret broker-ca)')
  expect(await refusalOf({ BROKER_URL: tls(), BROKER_CA: '' })).toContain(
    'comes from no authority that is trusted here',
  )
})

test('A port that speaks TLS where the address does not, and the reverse, are told apart', async () => {
  expect(await refusalOf({ BROKER_URL: `stomp+ssl://127.0.0.1:${plainPort()}` })).toMatch(
    /(does not speak TLS|did not begin TLS within 5000 ms); an address without TLS begins with stomp:/,
  )
  expect(await refusalOf({ BROKER_URL: tls().replace('+ssl', ''), BROKER_CA: '' })).toContain(
    'speaks TLS; its address begins with stomp+ssl:',
  )
}, 30_000)

test('A refused login and a broker that is not there say what to do', async () => {
  const refused = await refusalOf({ BROKER_URL: tls(), BROKER_PASSWORD_FILE: wrongPasswordFile })
  expect(refused).toMatch(/User name \[.*\] or password is invalid/)
  expect(refused).toContain('or BROKER_USER and BROKER_PASSWORD_FILE.')
  expect(await refusalOf({ BROKER_URL: 'stomp+ssl://localhost:1' })).toContain(
    'Start the broker, or correct BROKER_URL.',
  )
})
