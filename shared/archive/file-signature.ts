/** What the first bytes of a file called `.nxs` say it is. */
export type FileSignature =
  | { readonly format: 'hdf4' }
  /** `endOfFile` is the size the file says it has; smaller on disk, it is still being copied. */
  | { readonly format: 'hdf5'; readonly endOfFile: number | undefined; readonly isOpenForWriting: boolean }
  | { readonly format: 'unknown' }

const hdf4 = Buffer.from([0x0e, 0x03, 0x13, 0x01])
const hdf5 = Buffer.from([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])

/** A superblock may lie at 0, 512, 1024, 2048 …, behind a block for the user; how much of a file's head is enough to look at. */
export const signatureBytes = 8_192 + 128
const superblockOffsets = [0, 512, 1_024, 2_048, 4_096, 8_192]

/**
 * Tells HDF4, HDF5 and others apart, and what an HDF5 superblock (format specification 3.0, section II.A) says of the file's size.
 * @param head the file's first {@link signatureBytes} bytes, or all of a shorter file
 */
export const readSignature = (head: Uint8Array): FileSignature => {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (bytes.subarray(0, 4).equals(hdf4)) return { format: 'hdf4' }
  for (const offset of superblockOffsets) {
    const block = bytes.subarray(offset)
    if (block.subarray(0, 8).equals(hdf5)) return { format: 'hdf5', ...readSuperblock(block) }
  }
  return { format: 'unknown' }
}

type Superblock = { readonly endOfFile: number | undefined; readonly isOpenForWriting: boolean }

const readSuperblock = (block: Buffer): Superblock => {
  const version = block[8]
  if (version === 0 || version === 1) {
    const width = block[13] ?? 0
    const base = version === 0 ? 24 : 28
    return {
      endOfFile: sum(address(block, base, width), address(block, base + 2 * width, width)),
      isOpenForWriting: false,
    }
  }
  if (version === 2 || version === 3) {
    const width = block[9] ?? 0
    const flags = block[11] ?? 0
    return {
      endOfFile: sum(address(block, 12, width), address(block, 12 + 2 * width, width)),
      isOpenForWriting: version === 3 && (flags & 1) === 1,
    }
  }
  return { endOfFile: undefined, isOpenForWriting: false }
}

const address = (block: Buffer, offset: number, width: number): number | undefined => {
  if (block.length < offset + width) return undefined
  const value =
    width === 8 ? block.readBigUInt64LE(offset) : width === 4 ? BigInt(block.readUInt32LE(offset)) : undefined
  return value !== undefined && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
}

const sum = (left: number | undefined, right: number | undefined): number | undefined =>
  left === undefined || right === undefined ? undefined : left + right
