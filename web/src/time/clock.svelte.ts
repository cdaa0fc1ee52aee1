/**
 * The one clock of the page, in steps of a second. It follows the service's clock where the two differ noticeably: a
 * reduction that started 31 s ago has done so on every screen.
 */
export class Clock {
  now = $state(Date.now())
  #aheadMs = 0
  #timer: ReturnType<typeof setInterval> | undefined

  start(): () => void {
    this.#timer = setInterval(() => {
      this.now = Date.now() + this.#aheadMs
    }, 1000)
    return () => {
      clearInterval(this.#timer)
    }
  }

  /** `serverTime` is an answer's `Date` header, which counts whole seconds. */
  compare(serverTime: string | null): void {
    const server = serverTime === null ? Number.NaN : Date.parse(serverTime) + 500
    if (Number.isNaN(server)) return
    const ahead = server - Date.now()
    this.#aheadMs = Math.abs(ahead) > 3000 ? ahead : 0
  }
}
