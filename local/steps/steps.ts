/** One line a step: what it came to, and how long it took. */
export type Steps = {
  run<T>(name: string, work: (say: (what: string) => void) => Promise<T>, outcome?: (result: T) => string): Promise<T>
  note(text: string): void
}

/** Told what it is about when it takes longer, so that nobody looks at a still screen. */
const longMs = 3_000

export function showSteps(write: (line: string) => void, isColourful: boolean): Steps {
  const paint = (code: number, text: string) => (isColourful ? `\u001b[${code}m${text}\u001b[0m` : text)
  const line = (mark: string, name: string, text: string, seconds?: number) => {
    const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`
    write(`  ${mark} ${name.padEnd(20)} ${text.padEnd(64)} ${paint(2, time.padStart(7))}`.trimEnd())
  }
  return {
    run: async (name, work, outcome = () => '') => {
      const began = performance.now()
      const seconds = () => (performance.now() - began) / 1000
      const say = (what: string) => line(paint(2, '…'), name, what)
      const still = setTimeout(() => say('takes a little longer'), longMs)
      try {
        const result = await work((what) => {
          clearTimeout(still)
          say(what)
        })
        line(paint(32, '✓'), name, outcome(result), seconds())
        return result
      } catch (error) {
        const isBrokenOff = error instanceof Error && error.name === 'AbortError'
        if (isBrokenOff) line(paint(33, '–'), name, 'broken off', seconds())
        else line(paint(31, '✗'), name, 'failed', seconds())
        throw error
      } finally {
        clearTimeout(still)
      }
    },
    note: (text) => line(paint(33, '!'), 'note', text),
  }
}
