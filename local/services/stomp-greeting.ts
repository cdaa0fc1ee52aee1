import { createConnection } from 'node:net'

const waitMs = 2_000

/** Does a broker at this address let us in? A port that is open says little: this greets it as a client would. */
export function answersStomp(url: string): Promise<boolean> {
  const { hostname, port, username, password } = new URL(url)
  return new Promise((resolve) => {
    let answer = ''
    const socket = createConnection({ host: hostname, port: Number(port), timeout: waitMs })
    const end = (isIn: boolean) => {
      socket.destroy()
      resolve(isIn)
    }
    const timer = setTimeout(() => end(false), waitMs)
    socket.on('connect', () => {
      const login = `login:${decodeURIComponent(username)}\npasscode:${decodeURIComponent(password)}`
      socket.write(`CONNECT\naccept-version:1.2\nhost:${hostname}\n${login}\n\n\0`)
    })
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('utf8')
      if (answer.includes('\0')) {
        socket.write('DISCONNECT\n\n\0')
        end(answer.trimStart().startsWith('CONNECTED'))
      }
    })
    socket.on('timeout', () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => {
      clearTimeout(timer)
      end(false)
    })
  })
}
