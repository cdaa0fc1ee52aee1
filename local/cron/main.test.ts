import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tryGateway, type TriedGateway } from '../gateway/try-function.ts'

let tried: TriedGateway
beforeAll(async () => {
  tried = await tryGateway(['ticked'])
  await tried.deploy('ticked', { annotations: { topic: 'cron-function', schedule: '@every 1s' } })
})
afterAll(() => tried.end())

it('functions with a schedule are called by POST with an empty body, by name and namespace', async () => {
  const secrets = join(tried.directory, 'state', 'secrets')
  writeFileSync(join(secrets, 'basic-auth-user'), 'admin')
  writeFileSync(join(secrets, 'basic-auth-password'), 'secret')
  const cron = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: { PATH: process.env['PATH'], gateway_url: tried.url, secret_mount_path: secrets, exit_with_parent: '1' },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  const calls = async () => {
    const status = (await (await tried.system('GET', '/system/function/ticked')).json()) as { invocationCount: number }
    return status.invocationCount
  }
  await expect.poll(calls, { timeout: 20_000 }).toBeGreaterThan(1)
  const logs = await (await tried.system('GET', '/system/logs?name=ticked&tail=-1')).text()
  expect(logs).toContain('called POST / by cron-connector for cron-function with 0 bytes')
  cron.stdin.end()
  expect(await once(cron, 'exit')).toEqual([0, null])
})
