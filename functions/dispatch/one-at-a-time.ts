/**
 * Runs `work` at most once at a time. Who asks while it runs shares the one run that follows: it starts after they asked, so it sees what
 * they changed, and a thousand askers cost two runs.
 */
export const oneAtATime = <Result>(work: () => Promise<Result>): (() => Promise<Result>) => {
  let running: Promise<Result> | undefined
  let following: Promise<Result> | undefined
  const start = (): Promise<Result> => {
    running = work().finally(() => {
      running = undefined
    })
    return running
  }
  return () => {
    if (!running) return start()
    following ??= running
      .catch(() => undefined)
      .then(() => {
        following = undefined
        return start()
      })
    return following
  }
}
