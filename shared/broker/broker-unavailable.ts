/** The broker did not confirm in time, or is out of reach. What was attempted may have happened all the same. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable'
  readonly retryable = true
  readonly attempted: string
  readonly reason: string

  constructor(attempted: string, reason: string, options?: ErrorOptions) {
    super(`Could not ${attempted}: ${reason}.`, options)
    this.attempted = attempted
    this.reason = reason
  }
}
