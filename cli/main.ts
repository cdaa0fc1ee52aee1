#!/usr/bin/env node
import { assertNode } from './assert-node.ts'

assertNode()
const { check, checkUsage } = await import('./check/check-command.ts')

const usage = `autoreduce: for those who write reduction scripts

${checkUsage}
`

/** Exit codes: 0 all is well, 1 something is wrong with the script, 2 the question or the machine is. */
const main = async ([command, ...rest]: readonly string[]): Promise<number> => {
  if (command === 'check') return check(rest)
  if (command === 'help' || command === '--help' || command === '-h') {
    process.stdout.write(usage)
    return 0
  }
  process.stderr.write(command === undefined ? usage : `There is no command “${command}”.\n\n${usage}`)
  return 2
}

process.exitCode = await main(process.argv.slice(2))
