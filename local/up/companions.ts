import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { filesBelow, fingerprintOf } from '../bundle/inputs.ts'
import type { Companion } from '../gateway/companions/companions.ts'
import { sparingNode } from './sparing-node.ts'

export type CompanionPlaces = {
  readonly projectDirectory: string
  readonly bundles: string
  readonly gatewayUrl: string
  readonly brokerSecrets: readonly string[]
  readonly compileCache: string
  /** Where the beam simulator writes, and what runs it; undefined where a real archive is watched. */
  readonly sample: { readonly archive: string; readonly python: string } | undefined
}

export const simulatorName = 'simulator'
const operator = ['basic-auth-user', 'basic-auth-password']

/** The processes beside the functions: who calls them by the clock, who by the queue, and who plays the instruments. */
export function companionsOf(places: CompanionPlaces): Companion[] {
  const { projectDirectory, bundles, gatewayUrl, compileCache } = places
  const bundled = (name: string, bundle: string, secrets: string[], graceMs: number): Companion => ({
    name,
    program: process.execPath,
    args: [...sparingNode, join(bundles, bundle, 'main.mjs')],
    directory: join(bundles, bundle),
    environment: { gateway_url: gatewayUrl, basic_auth: 'true', NODE_COMPILE_CACHE: compileCache },
    secrets,
    graceMs,
    fingerprint: fingerprintOf(bundles, [`${bundle}/main.mjs`], sparingNode),
  })
  const all = [
    bundled('cron', 'cron', operator, 5_000),
    {
      ...bundled('connector', 'activemq-connector', [...operator, ...places.brokerSecrets], 30_000),
      readyPath: '/_/ready',
    },
  ].filter(({ directory }) => existsSync(directory))
  const simulator = 'local/beam-simulator'
  if (places.sample !== undefined && existsSync(join(projectDirectory, simulator, 'simulate.py'))) {
    all.push({
      name: simulatorName,
      program: places.sample.python,
      args: ['-u', join(projectDirectory, simulator, 'simulate.py'), '--archive', places.sample.archive],
      directory: projectDirectory,
      environment: { PYTHONDONTWRITEBYTECODE: '1' },
      secrets: [],
      graceMs: 10_000,
      fingerprint: fingerprintOf(projectDirectory, filesBelow(projectDirectory, simulator)),
    })
  }
  return all
}
