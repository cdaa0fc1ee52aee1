import { describe, expect, test } from 'vitest'
import { decideOutcome, remarksOf, type Ending } from './outcome.ts'
import type { ExceededLimit, ScriptExit } from './runner-events.ts'

type Report = NonNullable<Ending['report']>
const returned: Report = { kind: 'returned', directories: [], badReturn: null, modules: {} }
const fault: Report = {
  kind: 'fault',
  fault: { kind: 'exception', message: 'no vanadium (ValueError)', traceback: [] },
}

const limits: Ending['limits'] = {
  wallSeconds: 3600,
  outputBytes: 2 * 1024 ** 3,
  outputFiles: 1000,
  memoryBytes: 4 * 1024 ** 3,
  processes: 64,
}

type Changes = Partial<Ending> & { stopped?: boolean; limit?: ExceededLimit; crashedIn?: string }

const ending = (exit: ScriptExit | null, changes: Changes = {}): Ending => {
  const { stopped = false, limit = null, crashedIn = null, ...rest } = changes
  return {
    stop: undefined,
    end: {
      kind: 'ended',
      exit,
      crashedIn,
      stopped,
      limit,
      endedProcesses: 0,
      survivors: 0,
      cpuSeconds: 1,
      peakMemoryBytes: 1,
    },
    report: undefined,
    limits,
    environment: 'Python 3.11',
    ...rest,
  }
}

describe('what an end means', () => {
  const cases: readonly (readonly [string, Ending, string, string | null])[] = [
    ['main returned', ending({ code: 0 }, { report: returned }), 'Completed', null],
    [
      'main returned, the last output could not be written',
      ending({ code: 120 }, { report: returned }),
      'Completed',
      null,
    ],
    [
      'main returned, then a crash',
      ending({ signal: 'SIGSEGV' }, { report: returned }),
      'Error',
      'main returned, but Python then crashed while it shut down (segmentation fault)',
    ],
    ['main returned, then a bad status', ending({ code: 3 }, { report: returned }), 'Error', 'ended with status 3'],
    ['an exception', ending({ code: 1 }, { report: fault }), 'Error', 'no vanadium (ValueError)'],
    ['os._exit(0)', ending({ code: 0 }), 'Error', 'ended its own process with status 0 before main returned'],
    ['a segmentation fault', ending({ signal: 'SIGSEGV' }), 'Error', 'crashed in native code (segmentation fault)'],
    [
      'a segmentation fault whose line is known',
      ending({ signal: 'SIGSEGV' }, { crashedIn: 'reduce.py, line 12' }),
      'Error',
      'It was called in reduce.py, line 12;',
    ],
    [
      'a segmentation fault of which nothing is known',
      ending({ signal: 'SIGSEGV' }),
      'Error',
      'Which line called it is not known',
    ],
    ['a bus error', ending({ signal: 'SIGBUS' }), 'Error', 'bus error'],
    ['an abort', ending({ signal: 'SIGABRT' }), 'Error', 'aborted'],
    ['killed by the system', ending({ signal: 'SIGKILL' }), 'Error', 'ran out of memory'],
    ['another signal', ending({ signal: 'SIGTERM' }), 'Error', 'the signal SIGTERM'],
    [
      'the time limit',
      ending({ signal: 'SIGKILL' }, { stop: 'time-limit', stopped: true }),
      'Error',
      'still running after 1 h,',
    ],
    [
      'the output limit',
      ending({ signal: 'SIGKILL' }, { stop: 'output-limit', stopped: true }),
      'Error',
      'more than 2 GB',
    ],
    [
      'cancelled',
      ending({ signal: 'SIGKILL' }, { stop: 'cancelled', stopped: true }),
      'Cancelled',
      'Cancelled while it ran',
    ],
    [
      'cancelled in the moment it ended',
      ending({ code: 0 }, { stop: 'cancelled', report: returned }),
      'Completed',
      null,
    ],
    [
      'the time limit in the moment it failed',
      ending({ code: 1 }, { stop: 'time-limit', report: fault }),
      'Error',
      'no vanadium',
    ],
    ['stopped and its end not seen', ending(null, { stop: 'time-limit' }), 'Error', 'time limit'],
    ['an end nobody saw', ending(null), 'Error', 'could not be observed'],
    [
      'no interpreter',
      ending(null, { end: { kind: 'not-started', cause: 'ENOENT' } }),
      'Error',
      'Python of the software environment Python 3.11 could not be started (ENOENT)',
    ],
    [
      'cancelled before it started',
      ending(null, { end: { kind: 'not-started', cause: '' }, stop: 'cancelled' }),
      'Cancelled',
      'Cancelled',
    ],
    ['the supervisor was killed', ending(null, { end: { kind: 'runner-lost' } }), 'Error', 'ended from outside'],
    [
      'the supervisor was killed when time was up',
      ending(null, { end: { kind: 'runner-lost' }, stop: 'time-limit' }),
      'Error',
      'time limit',
    ],
  ]
  test.for([
    [ending({ signal: 'SIGKILL' }, { limit: 'memory' }), 'used more than 4 GB of memory'],
    [ending({ signal: 'SIGKILL' }, { limit: 'processes' }), 'more than 64 processes at a time'],
    [ending({ signal: 'SIGKILL' }, { limit: 'temporary-files' }), 'more temporary files'],
    [ending({ signal: 'SIGKILL' }, { stop: 'file-limit', stopped: true }), 'more than 1000 files'],
  ] as const)('what a script used too much of is named: %#', ([given, words]) => {
    expect(decideOutcome(given)).toMatchObject({ state: 'Error', reason: expect.stringContaining(words) })
  })

  test.for(cases)('%s', ([, given, state, reason]) => {
    const outcome = decideOutcome(given)
    expect(outcome.state).toBe(state)
    if (reason === null) expect(outcome.reason).toBeNull()
    else expect(outcome.reason).toContain(reason)
  })

  test('limits are told in the unit people set them in', () => {
    const sentence = (wallSeconds: number): string | null =>
      decideOutcome(ending(null, { stop: 'time-limit', limits: { ...limits, wallSeconds } })).reason
    expect(sentence(7200)).toContain('after 2 h,')
    expect(sentence(5400)).toContain('after 90 min,')
    expect(sentence(90)).toContain('after 90 s,')
  })
})

test('remarks for the log: what was returned, what was left running', () => {
  const left = {
    kind: 'ended',
    exit: { code: 0 },
    crashedIn: null,
    stopped: false,
    limit: null,
    endedProcesses: 2,
    survivors: 1,
    cpuSeconds: 1,
    peakMemoryBytes: 1,
  } as const
  expect(remarksOf(ending(null, { end: left, report: { ...returned, badReturn: 'main returned a number.' } }))).toEqual(
    [
      'main returned a number.',
      'The script left 2 of its processes running; they were ended with it.',
      '1 of its processes could not be ended at once.',
    ],
  )
  expect(remarksOf(ending(null, { end: { ...left, stopped: true, survivors: 0 } }))).toEqual([])
})
