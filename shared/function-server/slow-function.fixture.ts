import { Hono } from 'hono'
import { serveFunction } from './serve-function.ts'

/** A function for the tests: answers at `/` when its standard input's first line has come, and fails at `/fail`. */
const gate = new Promise<void>((resolve) => process.on('SIGUSR2', resolve))
serveFunction({
  name: 'slow',
  routes: new Hono()
    .get('/', async (context) => {
      process.stderr.write('asked\n')
      await gate
      return context.text('done')
    })
    .get('/fail', () => {
      throw new Error('a bug with a secret in it')
    })
    .post('/echo', async (context) => context.text(String((await context.req.text()).length))),
  largestBodyBytes: 100,
})
