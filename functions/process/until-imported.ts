import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { z } from 'zod'

/** Mantid takes ten seconds from a quick disk. */
const importPatienceMs = 180_000

const helloSchema = z.discriminatedUnion('ready', [
  z.object({ ready: z.literal(true), failed: z.record(z.string(), z.string()) }),
  z.object({ ready: z.literal(false), cause: z.string() }),
])

/** Modules that could not be imported ahead, and why. */
export type FailedImports = Readonly<Record<string, string>>

/**
 * Waits for the first line of an interpreter that imports an environment's modules. `exited`: a sentence where it could not be started.
 * @throws where it does not come so far
 */
export const untilImported = async (output: Readable, exited: Promise<string | undefined>): Promise<FailedImports> => {
  const lines = createInterface({ input: output })
  const patience = new AbortController()
  const signal = AbortSignal.any([patience.signal, AbortSignal.timeout(importPatienceMs)])
  try {
    const first = once(lines, 'line', { signal }).then(([line]: unknown[]) => String(line))
    const ended = exited.then((why) => {
      throw new Error(why ?? 'the prepared interpreter ended while it imported its modules')
    })
    const line = await Promise.race([first, ended])
    const hello = helloSchema.parse(JSON.parse(line))
    if (!hello.ready) throw new Error(hello.cause)
    return hello.failed
  } finally {
    patience.abort()
  }
}
