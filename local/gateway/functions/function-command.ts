import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { plainEnvironment } from '../../processes/start-detached.ts'
import type { Command } from '../../supervision/supervised-process.ts'
import { namesCode, parseFprocess } from '../watchdog/parse-fprocess.ts'
import type { Deployment } from './deployment.ts'
import { functionLimits } from './limits.ts'
import { watchdogProgram } from './watchdog-program.ts'
import { watchdogSettingsOf } from './watchdog-settings-of.ts'

/** Where a function's code and what it may write lie on this machine. */
export type FunctionPlaces = {
  /** Holds `<name>/main.mjs`. */
  readonly bundles: string
  /** Compiled code that Node keeps from start to start. */
  readonly compileCache: string
  /** Holds a folder for each function that has no folder of code: where its program runs. */
  readonly scratch: string
}

/**
 * How a function runs: Node on its bundle; its `fprocess` as a server that stays; or its `fprocess` once for each call. The
 * environment's `mode` decides where it is set, as under of-watchdog; else a program with a folder of code is a server.
 */
export type Runtime = 'bundle' | 'server' | 'fork'

export function runtimeOf(deployment: Deployment, places: FunctionPlaces): Runtime {
  if (!deployment.envProcess?.trim()) return 'bundle'
  const mode = deployment.envVars?.['mode']
  switch (mode) {
    case undefined:
    case '':
      return existsSync(join(places.bundles, deployment.service)) ? 'server' : 'fork'
    case 'http':
      return 'server'
    case 'streaming':
    case 'serializing':
      return 'fork'
    default:
      throw new Error(`mode is "${mode}": "http", "streaming" or "serializing" was expected`)
  }
}

/** Why a deployment cannot be run here; undefined where it can. */
export function whyNotRunnable(deployment: Deployment, places: FunctionPlaces): string | undefined {
  try {
    functionLimits(deployment)
    const runtime = runtimeOf(deployment, places)
    if (runtime === 'fork') watchdogSettingsOf(deployment, { secretsFolder: '', environment: {} })
    const code = join(places.bundles, deployment.service)
    if (runtime !== 'bundle') {
      if (!namesCode(deployment.envProcess ?? '') || existsSync(code)) return undefined
      return `there is no code for the function ${deployment.service}: its fprocess names some, but ${code} is missing`
    }
    const bundle = bundleOf(deployment, places)
    if (existsSync(bundle)) return undefined
    return `there is no code for the function ${deployment.service}: ${bundle} is missing, and it names no fprocess`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What is started for a replica; it gets nothing of our own environment but what programs need. */
export function functionCommand(
  deployment: Deployment,
  places: FunctionPlaces,
  { port, secrets }: { port: number; secrets: string },
): Command {
  const folder = join(places.bundles, deployment.service)
  const code = existsSync(folder) ? folder : undefined
  const directory = code ?? scratchOf(deployment, places)
  const ours = { port: String(port), exit_with_parent: '1', only_loopback_names: '1' }
  const compiled = { NODE_COMPILE_CACHE: places.compileCache }
  const environment = {
    ...plainEnvironment(),
    ...compiled,
    ...deployment.envVars,
    secret_mount_path: secrets,
    ...ours,
  }
  switch (runtimeOf(deployment, places)) {
    case 'bundle':
      return { program: process.execPath, args: [bundleOf(deployment, places)], directory, environment }
    case 'server': {
      const instead = { secrets, code, node: process.execPath }
      return { ...parseFprocess(deployment.envProcess ?? '', instead), directory, environment }
    }
    case 'fork': {
      const inherited = definedOf(plainEnvironment())
      const given = { secretsFolder: secrets, codeFolder: code, environment: inherited }
      const settings = watchdogSettingsOf(deployment, given)
      const watchdog = JSON.stringify(settings)
      return {
        program: process.execPath,
        args: [watchdogProgram],
        directory,
        environment: { ...plainEnvironment(), ...compiled, ...ours, watchdog },
      }
    }
  }
}

function definedOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function scratchOf(deployment: Deployment, places: FunctionPlaces): string {
  const folder = join(places.scratch, deployment.service)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return folder
}

function bundleOf(deployment: Deployment, places: FunctionPlaces): string {
  return join(places.bundles, deployment.service, 'main.mjs')
}
