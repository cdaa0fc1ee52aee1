import '../../local/assert-node.ts'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { submissionAnswerSchema } from '#contracts/submission.ts'
import { openChance } from '../a-stack/chance.ts'
import { formatTable } from '../a-stack/format-table.ts'
import { becomesTrue, pause } from '../a-stack/pause.ts'
import type { Stack } from '../a-stack/start-stack.ts'
import { countRows } from './database-clock.ts'
import { measureRun, timingScript, type FreshRun } from './fresh-run.ts'
import { numberSetting } from './settings.ts'
import { withAStack } from './with-a-stack.ts'

/** `npm run test:fairness`; see README.md. */
const seed = numberSetting('SEED', Math.floor(Math.random() * 1_000_000))
const tries = numberSetting('TRIES', 20)
const burstSize = numberSetting('BURST', 500)
const rowSeconds = numberSetting('ROW_SECONDS', 60)
/** The row's scripts end early after the tries, so that it ends while somebody waits; a whole row takes three times as long. */
const isWholeRow = process.env['WHOLE_ROW'] === '1'
const latestSeconds = 10

// In the first instrument's hands: a re-run in bulk; in the second's: new data, each a minute's work; the third measures now and then.
const [burst, row, fresh] = ['GEM', 'LET', 'MAPS']
const firstRun = 1001
/** Three at once, as long as the tries take; longer than is needed. */
const rowLength = Math.ceil((tries * 2 * latestSeconds * 3) / rowSeconds) + 6

/** Works for its time, or until the file `hurry` lies beside it in the archive. */
const rowScript = `import os, time

def main(input_file, output_dir):
    hurry = os.path.join(os.path.dirname(input_file), "hurry")
    until = time.time() + ${rowSeconds}
    while time.time() < until and not os.path.exists(hurry):
        time.sleep(0.2)
`

const inState = (stack: Stack, instrument: string, state: string): Promise<number> =>
  countRows(stack.database, 'SELECT COUNT(*) AS count FROM reductions WHERE instrument = ? AND state = ?', [
    instrument,
    state,
  ])

/** As a person does, in the portal or by a script. */
const submitBurst = async (stack: Stack): Promise<void> => {
  const answer = await fetch(`${stack.url}/api/v1/submissions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ instrument: burst, runs: `1-${burstSize}` }),
  })
  const { outcomes } = submissionAnswerSchema.parse(await answer.json())
  const queued = outcomes.filter(({ outcome }) => outcome === 'queued').length
  if (queued !== burstSize) throw new Error(`of ${burstSize} re-runs ${queued} were queued`)
}

type Try = FreshRun & { readonly pausedSeconds: number; readonly rowHeld: number; readonly burstDone: number }

const measureTries = async (stack: Stack): Promise<readonly Try[]> => {
  const chance = openChance(seed)
  const measured: Try[] = []
  for (let count = 0; count < tries; count += 1) {
    const pausedSeconds = chance.between(0, 12)
    await pause(pausedSeconds * 1_000)
    const rowHeld = await inState(stack, row, 'Processing')
    const burstDone = await inState(stack, burst, 'Completed')
    const run = await measureRun(stack, fresh, firstRun + count)
    measured.push({ ...run, pausedSeconds, rowHeld, burstDone })
    console.log(`  ${count + 1}: first line after ${run.firstLine.toFixed(1)} s`)
  }
  return measured
}

const tableOf = (measured: readonly Try[]): string =>
  formatTable(
    ['try', 'seen after', 'queued', 'Processing', 'first line', 'slots of the row', 'burst done'],
    measured.map((one, place) => [
      place + 1,
      ...[one.detected, one.submitted, one.started, one.firstLine].map((seconds) => `${seconds.toFixed(1)} s`),
      one.rowHeld,
      one.burstDone,
    ]),
  )

/** What a person asked for an age ago: as if the burst had been submitted two hours and a bit earlier. */
const ageBurst = async ({ database }: Stack): Promise<void> => {
  await database.change(
    `UPDATE reductions SET queued_at = queued_at - INTERVAL 2 HOUR WHERE instrument = ? AND state = 'Queued'`,
    [burst],
  )
}

const unfinished = async (stack: Stack): Promise<number> =>
  (await inState(stack, burst, 'Queued')) +
  (await inState(stack, burst, 'Processing')) +
  (await inState(stack, row, 'Queued')) +
  (await inState(stack, row, 'Processing'))

await withAStack({ instruments: [burst, row, fresh], lastRun: firstRun - 1, watches: 'file' }, async (stack) => {
  const { archive, database } = stack
  const wrong: string[] = []
  await archive.setScript([row], rowScript)
  await archive.setScript([fresh], timingScript)
  const rowRuns = Array.from({ length: rowLength }, (_, place) => firstRun + place)
  await archive.addRuns(row, rowRuns)
  await archive.addRuns(
    burst,
    Array.from({ length: burstSize }, (_, place) => 1 + place),
  )
  console.log(`SEED=${seed}, a burst of ${burstSize} re-runs, a row of ${rowLength} scripts of ${rowSeconds} s`)

  await submitBurst(stack)
  await archive.announce(row, firstRun + rowLength - 1)
  const slots = await countRows(database, 'SELECT SUM(slots) AS count FROM processors')
  // The last free slot is kept for others.
  const holdsAll = await becomesTrue(async () => (await inState(stack, row, 'Processing')) === slots - 1, 60_000)
  if (!holdsAll) wrong.push(`the row did not come to hold ${slots - 1} of ${slots} slots`)

  const before = await inState(stack, burst, 'Completed')
  const measured = await measureTries(stack)
  console.log(`\n${tableOf(measured)}\n`)
  for (const [place, { firstLine }] of measured.entries()) {
    if (firstLine > latestSeconds) wrong.push(`try ${place + 1} began ${firstLine.toFixed(1)} s after its file`)
  }
  if (measured.filter(({ rowHeld }) => rowHeld === slots - 1).length < tries * 0.75) {
    wrong.push('the row did not hold all its slots in three of four tries')
  }
  const meanwhile = (await inState(stack, burst, 'Completed')) - before
  console.log(`meanwhile ${meanwhile} of the burst were done, ${await inState(stack, row, 'Completed')} of the row`)

  // New data of any instrument come before a re-run in bulk, until that has waited for two hours: then it takes its share.
  const [ripe, rowLeft] = [await inState(stack, burst, 'Completed'), await inState(stack, row, 'Queued')]
  await ageBurst(stack)
  const moves = await becomesTrue(
    async () => (await inState(stack, burst, 'Completed')) >= ripe + 20,
    (rowSeconds + 30) * 1_000,
  )
  if (!moves) wrong.push('the burst made no progress though it had waited for two hours')
  if (rowLeft === 0) wrong.push('the row was over before it was seen beside an aged burst: make it longer')

  const whole = await countRows(
    database,
    `SELECT COUNT(*) AS count FROM reductions WHERE state = 'Completed' AND instrument = ? AND script_seconds >= ?`,
    [row, String(rowSeconds)],
  )
  if (whole < 3) wrong.push(`only ${whole} scripts of the row took their whole time`)
  if (!isWholeRow) await writeFile(join(archive.rawFilePath(row, firstRun), '..', 'hurry'), '')
  const limitMs = (isWholeRow ? rowLength * rowSeconds : 0) * 1_000 + 300_000
  if (!(await becomesTrue(async () => (await unfinished(stack)) === 0, limitMs, 1_000))) {
    wrong.push(`burst and row did not end: ${await unfinished(stack)} are left`)
  }
  const ended = [await inState(stack, burst, 'Completed'), await inState(stack, row, 'Completed')]
  console.log(`in the end ${ended[0]} of the burst and ${ended[1]} of the row are Completed, ${whole} of it whole`)
  if (ended[0] !== burstSize || ended[1] !== rowLength) wrong.push('not all of the burst and the row are Completed')
  return wrong
})
