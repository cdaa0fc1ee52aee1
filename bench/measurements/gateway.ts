import { Agent, request } from 'node:http'
import type { Measurement } from '../figure.ts'
import { middle, percentile, timed } from '../statistics.ts'

const rounds = 500
const name = 'dispatch'

/** The same call to a function, directly and through the gateway by turns, over one kept connection each. */
export const gateway: Measurement = {
  name: 'gateway',
  measure: async (stack) => {
    const port = (await stack.processes()).find((one) => one.name === name)?.port
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const call = (url: string): Promise<void> =>
      new Promise((resolve, reject) => {
        request(url, { agent }, (answer) => answer.resume().on('end', resolve).on('error', reject))
          .on('error', reject)
          .end()
      })
    const direct = `http://127.0.0.1:${port}/no-such-page`
    const through = `${stack.url}/function/${name}/no-such-page`
    const [directly, gone]: [number[], number[]] = [[], []]
    for (let round = 0; round < rounds; round += 1) {
      const [first, second] = [await timed(() => call(direct)), await timed(() => call(through))]
      // The first ones open connections and compile.
      if (round < rounds / 10) continue
      directly.push(first.ms)
      gone.push(second.ms)
    }
    agent.destroy()
    return [
      { name: 'gateway-overhead', value: middle(gone) - middle(directly), unit: 'ms', target: 3 },
      { name: 'gateway-overhead-best-tenth', value: percentile(gone, 0.1) - percentile(directly, 0.1), unit: 'ms' },
      { name: 'function-call-direct', value: middle(directly), unit: 'ms' },
    ]
  },
}
