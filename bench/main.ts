import '../local/assert-node.ts'
import { cpus, release } from 'node:os'
import { asJsonLine, asTable } from './report.ts'
import type { Figure } from './figure.ts'
import { measurements } from './measurements/all.ts'
import { startBenchStack } from './stack/bench-stack.ts'

/** `make bench`: BENCH=name[,name] for some of the measurements, JSON=1 for JSON lines on standard output. */
const isJson = (process.env['JSON'] ?? '') !== ''
const asked = (process.env['BENCH'] ?? '').split(',').filter((name) => name !== '')
const unknown = asked.filter((name) => !measurements.some((one) => one.name === name))
if (unknown.length > 0) {
  console.error(
    `There is no measurement ${unknown.join(', ')}. There is: ${measurements.map(({ name }) => name).join(' ')}`,
  )
  process.exit(2)
}
const chosen = measurements.filter((one) => (asked.length > 0 ? asked.includes(one.name) : one.onlyByName !== true))

/** What is only measured when it is asked for may take its time. */
const longestMs = (chosen.some((one) => one.onlyByName === true) ? 30 : 9) * 60_000
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort(signal))
const tooLate = setTimeout(() => stopping.abort('it took too long'), longestMs)
const stopped = new Promise<never>((_, reject) =>
  stopping.signal.addEventListener('abort', () => reject(new Error(`stopped: ${String(stopping.signal.reason)}`))),
)
stopped.catch(() => undefined)

const say = (text: string): void => console.error(text)
const figures: Figure[] = []
say('starting a stack of its own ...')
const began = performance.now()
const stack = await startBenchStack(stopping.signal)
try {
  say(`ready after ${Math.round((performance.now() - began) / 1000)} s`)
  for (const { name, measure } of chosen) {
    stopping.signal.throwIfAborted()
    const since = performance.now()
    const found = await Promise.race([measure(stack), stopped])
    say(`${name}: ${Math.round((performance.now() - since) / 1000)} s`)
    figures.push(...found)
    if (isJson) for (const figure of found) console.log(asJsonLine(figure))
  }
} catch (fault) {
  say(`make bench failed: ${fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)}`)
  process.exitCode = 1
} finally {
  clearTimeout(tooLate)
  await stack.stop().catch((fault: unknown) => {
    say(`its stack could not be taken down; the next run does it: ${String(fault)}`)
    process.exitCode = 1
  })
}
if (!isJson) console.log(`\n${asTable(figures)}\n`)
say(`${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, Linux ${release()}, Node ${process.version}`)
// Services were started through this process' children and leave nothing; what waits still was cut off above.
process.exit()
