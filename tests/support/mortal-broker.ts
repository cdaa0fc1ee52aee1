import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { brokerConfiguration } from '../../local/services/activemq-configuration.ts'
import { startPrivateActiveMq } from '../../local/services/private-activemq.ts'

/** A broker of the test's own, which may be killed and started again at the same address. */
export const startMortalBroker = async (configure?: typeof brokerConfiguration) => {
  const directory = mkdtempSync(join(tmpdir(), 'mortal-broker-'))
  const start = () => startPrivateActiveMq({ directory, purpose: 'tests' }, configure)
  let activeMq = await start()
  return {
    url: activeMq.url,
    kill: (): void => void process.kill(activeMq.pid, 'SIGKILL'),
    async startAgain(): Promise<void> {
      activeMq = await start()
    },
    async remove(): Promise<void> {
      await activeMq.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}
