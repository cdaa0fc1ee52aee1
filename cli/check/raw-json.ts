/** A number for `JSON.stringify` by its text: `1.0` stays `1.0`, and 200 digits stay 200 digits. TypeScript does not know it yet. */
export const rawJson = (text: string): unknown => {
  const make: unknown = Reflect.get(JSON, 'rawJSON')
  if (typeof make !== 'function') throw new Error('This needs Node 22 or later.')
  return Reflect.apply(make, JSON, [text]) as unknown
}
