import { expect, test } from 'vitest'
import { resultsDirectory, scriptLogName, stagingDirectory, stagingLog, type ResultPlace } from './result-paths.ts'

const place: ResultPlace = { instrument: 'WISH', rbNumber: 1920234, target: '44733', version: 2, isFlat: false }

test('a run has its results below its experiment, one directory a version', () => {
  expect(resultsDirectory('/results', place)).toBe('/results/WISH/RBNumber/RB1920234/autoreduced/44733/run-version-2')
})

test('a batch has its own directory beside the runs', () => {
  expect(resultsDirectory('/results', { ...place, target: 'batch-44733-44740', version: 0 })).toBe(
    '/results/WISH/RBNumber/RB1920234/autoreduced/batch-44733-44740/run-version-0',
  )
})

test('the versions of a flat instrument lie hidden beside its files', () => {
  expect(resultsDirectory('/results', { ...place, isFlat: true })).toBe(
    '/results/WISH/RBNumber/RB1920234/autoreduced/.versions/44733/run-version-2',
  )
})

test('staging lies under the instrument and names the attempt, its log beside it', () => {
  const attempt = { instrument: 'WISH', reductionId: 17, fence: 3 }
  expect(stagingDirectory('/results', attempt)).toBe('/results/WISH/.staging/17-3')
  expect(stagingLog('/results', attempt)).toBe('/results/WISH/.staging/17-3.log')
})

test('the log is called as the predecessor called it', () => {
  expect(scriptLogName(place)).toBe('reduction_log/RB_1920234_Run_44733_Script.out')
})
