import type { WatchdogSettings } from '../watchdog/watchdog-settings.ts'
import type { Deployment } from './deployment.ts'
import { functionLimits } from './limits.ts'

/**
 * What the deployment says to the watchdog, by the names that OpenFaaS' watchdogs read from the environment.
 * @throws {Error} with a sentence naming the setting
 */
export function watchdogSettingsOf(
  deployment: Deployment,
  { secretsFolder, codeFolder, environment }: Pick<WatchdogSettings, 'secretsFolder' | 'codeFolder' | 'environment'>,
): WatchdogSettings {
  const { envProcess = '', envVars = {} } = deployment
  const { execTimeoutMs } = functionLimits(deployment)
  return {
    fprocess: envProcess,
    environment: { ...environment, ...envVars, fprocess: envProcess, secret_mount_path: secretsFolder },
    secretsFolder,
    codeFolder,
    execTimeoutMs: execTimeoutMs === Infinity ? null : execTimeoutMs,
    isStreaming: envVars['mode'] === 'streaming',
    // The classic watchdog puts both into the answer; the newer one, which has modes, does not.
    combinesOutput: yesOrNo(envVars, 'combine_output', envVars['mode'] === undefined),
    contentType: envVars['content_type'] || undefined,
    hasCgiHeaders: yesOrNo(envVars, 'cgi_headers', true),
  }
}

function yesOrNo(settings: Readonly<Record<string, string>>, name: string, byDefault: boolean): boolean {
  const text = settings[name] || String(byDefault)
  if (!/^(true|false|1|0)$/i.test(text)) throw new Error(`${name} is "${text}": "true" or "false" was expected`)
  return /^(true|1)$/i.test(text)
}
