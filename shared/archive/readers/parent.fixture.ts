import { openReaders } from './open-readers.ts'

/** A process that is killed while its reader hangs: prints the reader's process id. */
const root = process.argv[2] ?? '/'
const readers = openReaders({
  root,
  log: { info: () => undefined, warn: () => undefined },
  count: 1,
  perCallTimeoutMs: 60_000,
  program: new URL('./hanging-reader.fixture.ts', import.meta.url),
})
const answer: unknown = await readers.call('readFileRange', { path: root, position: 0, length: 1 }, { place: 'x' })
void readers.call('listDirectory', { path: `${root}/WISH` }, { place: 'WISH' })
setTimeout(() => console.log(Reflect.get(Object(answer), 'pid')), 300)
