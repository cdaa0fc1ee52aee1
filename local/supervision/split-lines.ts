import { StringDecoder } from 'node:string_decoder'

const longestLine = 64 * 1024

/** Turns chunks of output into whole lines; a line without end is cut rather than kept in memory. */
export function splitLines(onLines: (lines: readonly string[]) => void): {
  write(chunk: Buffer): void
  end(): void
} {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const give = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    while (rest.length > longestLine) {
      lines.push(rest.slice(0, longestLine))
      rest = rest.slice(longestLine)
    }
    if (lines.length > 0) onLines(lines)
  }
  return {
    write: (chunk) => give(decoder.write(chunk)),
    end: () => {
      give(decoder.end())
      if (rest !== '') onLines([rest])
      rest = ''
    },
  }
}
