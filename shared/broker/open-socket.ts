import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls, type SecureContext } from 'node:tls'
import type { BrokerAddress } from './broker-address.ts'

/** How far a connection has come; tells what a silence means. */
export type Stage = 'reaching' | 'beginning TLS' | 'greeting'

/**
 * Opens the socket that STOMP is spoken over.
 * @param secureContext null for an address without TLS
 * @param reached told of each stage as it begins
 * @param whenConnected called when the first frame can be written
 */
export const openSocket = (
  address: BrokerAddress,
  secureContext: SecureContext | null,
  reached: (stage: Stage) => void,
  whenConnected?: () => void,
): Socket => {
  const { host, port } = address
  const greet = (): void => {
    reached('greeting')
    whenConnected?.()
  }
  if (secureContext === null) {
    const socket = connectTcp({ host, port }, greet)
    socket.setNoDelay(true)
    return socket
  }
  const socket = connectTls(
    {
      host,
      port,
      secureContext,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      // Said here, since NODE_TLS_REJECT_UNAUTHORIZED=0 would otherwise switch it off.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    },
    greet,
  )
  socket.once('connect', () => reached('beginning TLS'))
  // The library writes a frame in several pieces: without TCP_NODELAY each send-and-wait takes 45 ms.
  socket.setNoDelay(true)
  return socket
}
