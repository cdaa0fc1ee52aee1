import './assert-node.ts'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { logFiles, parseLogLine, readLog, type LogLine } from './gateway/logs/log-store.ts'
import { followFile } from './logs/follow-log.ts'
import { withOriginalPlaces } from './logs/original-places.ts'
import { readableLine } from './logs/readable-line.ts'
import { stateDirectory } from './state/state-directory.ts'
import { readStateDirectory } from './state/up-settings.ts'

/** `make logs [F=detect] [TAIL=200] [FOLLOW=1] [RAW=1]`: what functions, companions, the gateway and services printed. */
const projectDirectory = join(import.meta.dirname, '..')
const state = stateDirectory(readStateDirectory(process.env, projectDirectory))
const { F: only, TAIL, FOLLOW, RAW } = process.env
const tail = TAIL === undefined || TAIL === '' ? 200 : Number(TAIL)
const isRaw = RAW !== undefined && RAW !== ''

const plainFiles: Readonly<Record<string, string>> = {
  gateway: join(state.logs, 'gateway.log'),
  mariadb: join(state.services, 'mariadb', 'mariadb.log'),
  activemq: join(state.services, 'activemq', 'broker.log'),
}
const kept = existsSync(state.logs) ? readdirSync(state.logs).filter((name) => /^[^.]+\.ndjson$/.test(name)) : []
const names = kept.map((name) => name.replace(/\.ndjson$/, ''))

const show = (lines: readonly LogLine[]) => {
  for (const line of lines) console.log(isRaw ? line.text : withOriginalPlaces(readableLine(line), projectDirectory))
}
const asLines = (name: string) => (texts: readonly string[]) =>
  show(texts.map((text) => ({ name, namespace: '', instance: name, timestamp: ''.padEnd(24), text })))

const stopping = new AbortController()
process.on('SIGINT', () => stopping.abort())
const following: Promise<void>[] = []
const isFollowing = FOLLOW !== undefined && FOLLOW !== ''

const plain = only === undefined ? undefined : plainFiles[only]
if (only !== undefined && plain !== undefined) {
  const texts = existsSync(plain) ? readFileSync(plain, 'utf8').trimEnd().split('\n') : []
  asLines(only)(texts.slice(-tail))
  if (isFollowing) following.push(followFile(plain, asLines(only), stopping.signal))
} else {
  const shown = only === undefined || only === '' ? names : [only]
  const unknown = shown.find((name) => !names.includes(name))
  if (unknown !== undefined) {
    const all = [...names, ...Object.keys(plainFiles)].join(' ')
    console.error(`Nothing was printed by "${unknown}" here. There are: ${all}`)
    process.exit(1)
  }
  const lines = shown.flatMap((name) => readLog(state.logs, name, { tail }))
  lines.sort((one, other) => one.timestamp.localeCompare(other.timestamp))
  show(lines.slice(-tail))
  if (lines.length === 0 && !isFollowing) console.log('Nothing has been printed yet. Start the stack: make up')
  for (const name of isFollowing ? shown : []) {
    const { current } = logFiles(state.logs, name)
    following.push(followFile(current, (texts) => show(texts.flatMap(parseLogLine)), stopping.signal))
  }
}
await Promise.all(following)
