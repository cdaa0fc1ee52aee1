import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { openDatabase } from './connection.ts'
import { migrate } from './migrate.ts'

const wrong = [
  'mysql://user:s3cr3t@127.0.0.1:99999/db',
  'mysql//user:s3cr3t@127.0.0.1/db',
  'postgres://user:s3cr3t@127.0.0.1/db',
  'mysql://user:s3cr3t%zz@127.0.0.1/db',
  's3cr3t',
]

it.each(wrong)('says what is wrong with an address and shows none of its password (%#)', async (address) => {
  const faults: unknown[] = []
  try {
    openDatabase(address)
  } catch (fault) {
    faults.push(fault)
  }
  await migrate(address).catch((fault: unknown) => faults.push(fault))
  expect(faults).toHaveLength(2)
  for (const fault of faults) {
    // All that a crash would print.
    expect(inspect(fault)).toContain('expected mysql://user:password@host:port/database')
    expect(inspect(fault)).not.toContain('s3cr3t')
  }
})
