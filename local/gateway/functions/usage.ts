import { setTimeout as delay } from 'node:timers/promises'
import { familiesOf } from '../../processes/families.ts'
import { memoryOf } from '../../processes/memory-of.ts'
import { secondsOf } from '../../processes/processor-seconds.ts'

/** As OpenFaaS tells it: thousandths of a processor, and bytes. */
export type Usage = { readonly cpu: number; readonly totalMemoryBytes: number }

/** Processor time is counted in hundredths of a second: shorter looks would see mostly none. */
const lookMs = 500

/** What these processes, with all that they started, take of the machine right now. Takes half a second. */
export async function usageOf(pids: readonly number[]): Promise<Usage> {
  const [before, beganMs] = [await secondsOfAll(pids), performance.now()]
  await delay(lookMs)
  const used = (await secondsOfAll(pids)) - before
  const seconds = (performance.now() - beganMs) / 1000
  const memory = [...(await memoryOf(pids)).values()].reduce((sum, mebibytes) => sum + mebibytes, 0)
  return { cpu: Math.max(0, Math.round((used / seconds) * 1000)), totalMemoryBytes: Math.round(memory * 1024 * 1024) }
}

/** The time of a child that ends goes over to its parent. */
async function secondsOfAll(pids: readonly number[]): Promise<number> {
  const families = [...(await familiesOf(pids)).values()].flat()
  const all = await Promise.all(families.map(secondsOf))
  return all.reduce((sum, { own, children }) => sum + own + children, 0)
}
