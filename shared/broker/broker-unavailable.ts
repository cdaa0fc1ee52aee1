/** The broker did not confirm in time, is out of reach, or said no. What was attempted may have happened all the same, unless it said no. */
export class BrokerUnavailable extends Error {
  override readonly name = 'BrokerUnavailable'
  readonly retryable = true
  readonly attempted: string
  readonly reason: string
  /** It will not pass by itself: a password, a permission, a certificate. A person must do something; then trying again helps. */
  readonly isLasting: boolean

  constructor(attempted: string, reason: string, options: ErrorOptions & { readonly isLasting?: boolean } = {}) {
    super(`Could not ${attempted}: ${reason}.`, options)
    this.attempted = attempted
    this.reason = reason
    this.isLasting = options.isLasting ?? false
  }
}
