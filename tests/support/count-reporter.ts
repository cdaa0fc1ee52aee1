import type { Reporter, TestCase, TestModule } from 'vitest/node'

/** Why a test did not run: by `skip('…')`, or in the title of what it belongs to: `(skipped: …)`. */
const reasonOf = (test: TestCase): string | undefined => {
  const result = test.result()
  const note = result.state === 'skipped' ? result.note : undefined
  return note ?? /\(skipped: (.*?)\)(?: > |$)/.exec(test.fullName)?.[1]
}

/** Ends the run with one plain line that counts what ran, for people and for machines that read the log; before it, why some did not. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0
    let failed = unhandled.length
    let skipped = 0
    const reasons = new Set<string>()
    for (const module of modules) {
      let failedHere = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'failed') failedHere += 1
        else {
          skipped += 1
          const reason = reasonOf(test)
          if (reason !== undefined) reasons.add(reason)
        }
      }
      // A file that cannot be loaded or prepared has run no test, and that is a failure.
      failed += failedHere === 0 && module.state() === 'failed' ? 1 : failedHere
    }
    process.once('exit', () => {
      for (const reason of reasons) process.stdout.write(`\nSkipped: ${reason}\n`)
      process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
    })
  }
}
