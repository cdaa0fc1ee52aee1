import { once } from 'node:events'
import { Socket } from 'node:net'

/**
 * The connection to one runner (`runner/channel.py`). Out: four bytes of length, then the request as JSON. In: one byte of kind (`L`
 * log, `E` event), four bytes of length, the bytes.
 */
export type RunnerChannel = {
  readonly send: (request: unknown) => void
  /** Passes on what comes, in pieces of any length, each after the one before was taken. Settles when nothing more comes. */
  readonly read: (take: TakeBytes) => Promise<void>
  /** Asks the runner to end its script; what it still says is read. */
  readonly hangUp: () => void
  /** Reads no more. */
  readonly destroy: () => void
}

/** The bytes are the taker's until its promise settles: then they are written over. */
export type TakeBytes = (bytes: Buffer) => Promise<void>

/** Over a connection that is there already. */
export const channelOver = (socket: Socket): RunnerChannel =>
  channelWith(socket, async (take) => {
    for await (const bytes of socket) if (bytes instanceof Buffer) await take(bytes)
  })

/**
 * Over a new connection to a Unix socket. All is read into one buffer: of a script that prints gigabytes nothing is left behind that
 * would have to be collected. @throws where nobody listens
 */
export const connectChannel = async (path: string): Promise<RunnerChannel> => {
  let pass: TakeBytes | undefined
  let passing = Promise.resolve()
  const socket = new Socket({
    onread: {
      buffer: Buffer.allocUnsafeSlow(pieceBytes),
      callback: (length, buffer) => {
        passing = passOn(buffer.subarray(0, length))
        return false
      },
    },
  })
  const passOn = async (bytes: Uint8Array): Promise<void> => {
    try {
      await pass?.(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
      socket.resume()
    } catch (cause) {
      socket.destroy(cause instanceof Error ? cause : new Error(String(cause)))
    }
  }
  // Nothing is read before somebody takes it.
  socket.pause()
  socket.connect(path)
  await once(socket, 'connect')
  return channelWith(socket, async (take) => {
    pass = take
    const ended = Promise.race([once(socket, 'end'), once(socket, 'close')])
    socket.resume()
    try {
      await ended
    } finally {
      await passing
    }
  })
}

const pieceBytes = 64 * 1024

const channelWith = (socket: Socket, read: RunnerChannel['read']): RunnerChannel => {
  // It may end before it has read its request, or that we hang up.
  socket.on('error', () => undefined)
  return {
    send: (request) => void socket.write(encodeRequest(request)),
    read: async (take) => {
      try {
        await read(take)
      } catch {
        // Cut off by us: it could not be ended.
      }
    },
    hangUp: () => void socket.end(),
    destroy: () => void socket.destroy(),
  }
}

const encodeRequest = (request: unknown): Buffer => {
  const content = Buffer.from(JSON.stringify(request))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  return Buffer.concat([length, content])
}

export type FrameTakers = {
  /** What was printed, as it comes: perhaps part of a frame. */
  readonly log: TakeBytes
  readonly event: (event: unknown) => void
}

const headBytes = 5
const [logKind, eventKind] = [0x4c, 0x45]

/**
 * Takes frames apart, however they are cut into pieces, without copying what was printed. An event is told when it is there as a whole; what is
 * no JSON, or of another kind, is nobody's.
 */
export const takeFrames = (takers: FrameTakers): TakeBytes => {
  const head = Buffer.alloc(headBytes)
  let filled = 0
  /** Of the frame's content. */
  let left = 0
  let parts: Buffer[] = []

  const takeHead = (bytes: Buffer): number => {
    const length = bytes.copy(head, filled, 0, headBytes - filled)
    filled += length
    if (filled === headBytes) left = head.readUInt32BE(1)
    return length
  }
  const takeContent = async (content: Buffer): Promise<void> => {
    left -= content.length
    if (head[0] === logKind && content.length > 0) await takers.log(content)
    if (head[0] === eventKind) parts.push(left > 0 ? Buffer.from(content) : content)
    if (left > 0) return
    filled = 0
    if (head[0] !== eventKind) return
    const event = parseEvent(Buffer.concat(parts))
    parts = []
    if (event !== undefined) takers.event(event)
  }

  return async (bytes) => {
    for (let at = 0; at < bytes.length;) {
      if (filled < headBytes) {
        at += takeHead(bytes.subarray(at))
        if (filled < headBytes || left > 0) continue
      }
      const content = bytes.subarray(at, at + left)
      at += content.length
      await takeContent(content)
    }
  }
}

const parseEvent = (content: Buffer): unknown => {
  try {
    return JSON.parse(content.toString('utf8'))
  } catch {
    return undefined
  }
}
