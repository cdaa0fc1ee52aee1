import type { Encoding } from './read-public.ts'

/** The smallest form that the browser takes (RFC 9110, 12.5.3); `q=0` means not at all. */
export const chooseEncoding = (accepted: string | undefined, offered: readonly Encoding[]): Encoding | undefined => {
  const taken = new Set<string>()
  const refused = new Set<string>()
  for (const part of (accepted ?? '').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase())
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
    if (isRefused) refused.add(name)
    else taken.add(name)
  }
  const order: readonly Encoding[] = ['br', 'gzip']
  return order.find(
    (encoding) => offered.includes(encoding) && (taken.has(encoding) || (taken.has('*') && !refused.has(encoding))),
  )
}
