import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '../../supervision/supervised-process.ts'
import type { Deployment } from './deployment.ts'

/** Where a function's code and secrets lie on this machine. */
export type FunctionPlaces = {
  /** Holds `<name>/main.mjs`. */
  readonly bundles: string
  /** Compiled code that Node keeps from start to start. */
  readonly compileCache: string
}

/** Why a deployment cannot be run here; undefined where it can. */
export function whyNotRunnable(deployment: Deployment, places: FunctionPlaces): string | undefined {
  if (deployment.envProcess) return undefined
  const bundle = bundleOf(deployment, places)
  return existsSync(bundle)
    ? undefined
    : `there is no code for the function ${deployment.service}: ${bundle} is missing`
}

/** Node on the function's bundle, or what `fprocess` says instead; nothing of our own environment but what programs need. */
export function functionCommand(
  deployment: Deployment,
  places: FunctionPlaces,
  { port, secrets }: { port: number; secrets: string },
): Command {
  const { PATH, HOME, USER, LANG, TZ } = process.env
  const environment = {
    PATH,
    HOME,
    USER,
    LANG,
    TZ,
    NODE_COMPILE_CACHE: places.compileCache,
    ...deployment.envVars,
    port: String(port),
    secret_mount_path: secrets,
    exit_with_parent: '1',
    only_loopback_names: '1',
  }
  const directory = join(places.bundles, deployment.service)
  if (deployment.envProcess) {
    const [program = '', ...args] = deployment.envProcess.split(/\s+/)
    return { program, args, directory: existsSync(directory) ? directory : places.bundles, environment }
  }
  return {
    program: process.execPath,
    args: [bundleOf(deployment, places)],
    directory,
    environment,
  }
}

function bundleOf(deployment: Deployment, places: FunctionPlaces): string {
  return join(places.bundles, deployment.service, 'main.mjs')
}
