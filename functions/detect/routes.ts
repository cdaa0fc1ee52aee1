import { Hono } from 'hono'
import type { Log } from '#function-server/log.ts'
import { detectPass, type DetectParts } from './detect-pass.ts'

/** `POST /`: one pass. What is asked for here is done for everybody, whoever asks: the request's body is not read. */
export const detectRoutes = (parts: DetectParts & { readonly log: Log }): Hono =>
  new Hono().post('/', async (context) => {
    const began = performance.now()
    const summary = await detectPass(parts)
    const { instruments, looked, found, handed, problems } = summary
    parts.log.info(
      {
        event: { action: 'detected', duration: Math.round((performance.now() - began) * 1e6) },
        labels: { instruments, looked, found, handed, problems: problems.length },
      },
      `looked at ${looked} of ${instruments} instruments, found ${found} runs, handed over ${handed}, ${problems.length} problems`,
    )
    return context.json(summary)
  })
