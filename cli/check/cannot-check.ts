/** Nothing can be said of the files: the question or the machine is at fault. The message says what to do. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck'
}
