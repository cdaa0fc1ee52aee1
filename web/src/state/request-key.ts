const randomKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')

/**
 * A key for each request: the same for the same request sent again (after a lost answer it must not be done twice), a new one
 * once anything in it is changed.
 */
export const requestKey = (make: () => string = randomKey): ((request: unknown) => string) => {
  let last = ''
  let key = ''
  return (request) => {
    const text = JSON.stringify(request)
    if (text !== last) key = make()
    last = text
    return key
  }
}
