import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

const lookMs = 250

/**
 * Gives what is written to a file from now on, in whole lines, until the signal; goes over to the new file when this
 * one is put aside.
 */
export async function followFile(
  path: string,
  onLines: (lines: readonly string[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let [at, node, rest] = [sizeOf(path), inodeOf(path), '']
  while (!signal.aborted) {
    await delay(lookMs, undefined, { signal }).catch(() => undefined)
    if (inodeOf(path) !== node) [at, node, rest] = [0, inodeOf(path), '']
    if (node === undefined) continue
    const file = openSync(path, 'r')
    const chunk = Buffer.alloc(Math.max(0, fstatSync(file).size - at))
    at += readSync(file, chunk, 0, chunk.length, at)
    closeSync(file)
    const lines = (rest + chunk.toString('utf8')).split('\n')
    rest = lines.pop() ?? ''
    if (lines.length > 0) onLines(lines)
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}
