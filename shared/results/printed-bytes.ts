/** Bytes of a log that are not on disk yet, by their offsets among all bytes printed. */
export type PrintedBytes = {
  /** Offset of the first byte held. */
  readonly from: () => number
  readonly size: () => number
  readonly push: (bytes: Buffer) => void
  /** Forgets what lies before an offset; where nothing is held, the next byte pushed is that of the offset. */
  readonly dropBefore: (offset: number) => void
  /** Does not forget them. */
  readonly peek: (mostBytes: number) => Buffer
}

/** Small pieces are copied together: a script that prints letter by letter costs no object for each. */
const blockBytes = 16 * 1024

export const holdPrintedBytes = (firstOffset: number): PrintedBytes => {
  let pieces: Buffer[] = []
  let block: Buffer | undefined
  let used = 0
  let first = firstOffset
  let size = 0

  const closeBlock = (): void => {
    if (block && used > 0) pieces.push(block.subarray(0, used))
    block = block?.subarray(used)
    used = 0
  }
  return {
    from: () => first,
    size: () => size,
    push: (bytes) => {
      size += bytes.length
      if (bytes.length >= blockBytes / 2) {
        closeBlock()
        pieces.push(bytes)
        return
      }
      if (!block || block.length - used < bytes.length) {
        closeBlock()
        block = Buffer.allocUnsafeSlow(blockBytes)
      }
      bytes.copy(block, used)
      used += bytes.length
    },
    dropBefore: (offset) => {
      if (offset <= first) return
      closeBlock()
      let left = Math.min(size, offset - first)
      size -= left
      first = offset
      let whole = 0
      for (; whole < pieces.length && left >= (pieces[whole]?.length ?? 0); whole += 1)
        left -= pieces[whole]?.length ?? 0
      pieces = pieces.slice(whole)
      if (left > 0 && pieces[0]) pieces[0] = pieces[0].subarray(left)
    },
    peek: (mostBytes) => {
      closeBlock()
      const all: Buffer[] = []
      let room = mostBytes
      for (const piece of pieces) {
        if (room === 0) break
        all.push(piece.subarray(0, room))
        room -= Math.min(room, piece.length)
      }
      const [only] = all
      return all.length === 1 && only ? only : Buffer.concat(all)
    },
  }
}
