import { describe, expect, it } from 'vitest'
import { readableLine } from './readable-line.ts'

const line = (text: string) => readableLine({ timestamp: '2026-11-22T21:56:06.123Z', instance: 'detect-1', text })

describe('a line for a person', () => {
  it('is the message with its fields, without what every line has', () => {
    const text = JSON.stringify({
      '@timestamp': '2026-11-22T21:56:07.000Z',
      'log.level': 'warn',
      'ecs.version': '8.10.0',
      process: { pid: 1 },
      message: 'a counter stepped back',
      labels: { instrument: 'ENGINX' },
    })
    expect(line(text)).toBe('21:56:07.000  detect-1  WARN a counter stepped back labels={"instrument":"ENGINX"}')
  })

  it('shows an error with its stack', () => {
    const error = { message: 'no', stack_trace: 'Error: no\n  at here' }
    const text = JSON.stringify({ '@timestamp': '2026-11-22T21:56:07.000Z', 'log.level': 'error', message: 'm', error })
    expect(line(text)).toBe('21:56:07.000  detect-1  ERROR m\n    Error: no\n      at here')
  })

  it.each(['plain words', '{not json', '{"other":"json"}'])('is "%s" as it is', (text) => {
    expect(line(text)).toBe(`21:56:06.123  detect-1  ${text}`)
  })

  it('shows what a terminal would obey', () => {
    const text = JSON.stringify({
      '@timestamp': '2026-11-22T21:56:07.000Z',
      'log.level': 'info',
      message: '\u001b[2J\u009bm\rö',
    })
    expect(line(text)).toBe('21:56:07.000  detect-1  \\x1b[2J\\x9bm\\x0dö')
    expect(line('\u001b]0;x\u0007')).toBe('21:56:06.123  detect-1  \\x1b]0;x\\x07')
  })
})
