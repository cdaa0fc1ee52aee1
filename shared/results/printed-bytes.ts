/** Bytes of a log that are not on disk yet, by their offsets among all bytes printed. */
export type PrintedBytes = {
  /** Offset of the first byte held. */
  readonly from: () => number
  readonly size: () => number
  readonly push: (bytes: Buffer) => void
  /** Forgets what lies before an offset; where nothing is held, the next byte pushed is that of the offset. */
  readonly dropBefore: (offset: number) => void
  /** A copy of the first of them, in `into` where they fit; does not forget them. */
  readonly peek: (mostBytes: number, into?: Buffer) => Buffer
}

const blockBytes = 16 * 1024

/**
 * They are copied into blocks that are used again: of a script that prints gigabytes nothing is left behind that would have to be collected, and one
 * that prints letter by letter costs no object for each.
 */
export const holdPrintedBytes = (firstOffset: number): PrintedBytes => {
  const blocks: Buffer[] = []
  const spare: Buffer[] = []
  /** Where the first byte held lies in the first block. */
  let start = 0
  let first = firstOffset
  let size = 0

  const blockForMore = (): { readonly block: Buffer; readonly used: number } => {
    const last = blocks.at(-1)
    if (last && start + size < blocks.length * blockBytes) return { block: last, used: (start + size) % blockBytes }
    const block = spare.pop() ?? Buffer.allocUnsafeSlow(blockBytes)
    blocks.push(block)
    return { block, used: 0 }
  }
  return {
    from: () => first,
    size: () => size,
    push: (bytes) => {
      for (let from = 0; from < bytes.length;) {
        const { block, used } = blockForMore()
        const copied = bytes.copy(block, used, from, Math.min(bytes.length, from + blockBytes - used))
        from += copied
        size += copied
      }
    },
    dropBefore: (offset) => {
      if (offset <= first) return
      const dropped = Math.min(size, offset - first)
      size -= dropped
      first = offset
      start += dropped
      const whole = Math.min(blocks.length, Math.floor(start / blockBytes))
      spare.push(...blocks.splice(0, whole))
      start -= whole * blockBytes
    },
    peek: (mostBytes, into) => {
      const length = Math.min(size, mostBytes)
      const bytes = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length)
      for (let at = 0; at < length;) {
        const [block, from] = [Math.floor((start + at) / blockBytes), (start + at) % blockBytes]
        at += blocks[block]?.copy(bytes, at, from, Math.min(blockBytes, from + length - at)) ?? length
      }
      return bytes
    },
  }
}
