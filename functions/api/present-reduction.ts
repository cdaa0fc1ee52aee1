import { toWindowsPath } from '#archive/path-forms.ts'
import type { Reduction } from '#contracts/api.ts'
import type { Viewer } from '#contracts/viewer.ts'
import type { Sql } from '#database/connection.ts'
import { batchesOfRun } from '#database/queries/batches-list.ts'
import { readServicePause } from '#database/queries/pauses.ts'
import {
  findReduction,
  neighbourRun,
  placeOf,
  pauseOf,
  runsOfReduction,
  versionOf,
  versionsOfTarget,
} from '#database/queries/reduction-detail.ts'
import { findScriptVariables } from '#database/queries/scripts.ts'
import { typicalSeconds } from '#database/queries/typical-seconds.ts'
import { chosenVariables } from './chosen-variables.ts'
import { windowsForm } from './windows-path.ts'

export type Roots = {
  readonly archiveRoot: string
  readonly resultsRoot: string
  readonly resultsRootWindows: string | undefined
}

/** All that a reduction's page shows at once; undefined where there is none that the viewer may see. */
export const presentReduction = async (
  sql: Sql,
  viewer: Viewer,
  id: number,
  roots: Roots,
): Promise<Reduction | undefined> => {
  const found = await findReduction(sql, viewer, id)
  if (!found) return undefined
  const { instrument, scriptSha256, resultsPath } = found
  const held = found.state === 'Queued' ? (pauseOf(found) ?? (await readServicePause(sql))) : null
  const [{ runs, filePaths }, versions, place, typical, script, reproduces] = await Promise.all([
    runsOfReduction(sql, id),
    versionsOfTarget(sql, viewer, found),
    placeOf(sql, found, held !== null),
    typicalSeconds(sql, [instrument]),
    scriptSha256 === null ? undefined : findScriptVariables(sql, scriptSha256),
    found.reproducesId === null ? null : versionOf(sql, found.reproducesId),
  ])
  const first = runs[0]?.runNumber
  const last = runs.at(-1)?.runNumber
  const [previousRun, nextRun, inBatches] = await Promise.all([
    first === undefined ? null : neighbourRun(sql, viewer, { instrument, runNumber: first }, 'before'),
    last === undefined ? null : neighbourRun(sql, viewer, { instrument, runNumber: last }, 'after'),
    first === undefined || found.isBatch ? [] : batchesOfRun(sql, viewer, { instrument, runNumber: first }),
  ])
  const declared = script && 'variables' in script ? script.variables : undefined
  return {
    id,
    instrument,
    version: found.version,
    state: found.state,
    reason: found.reason,
    class: found.class,
    held,
    cancelRequestedBy: found.cancelRequestedBy,
    cancelRequestedAt: found.cancelRequestedAt,
    submission: found.submission,
    isBatch: found.isBatch,
    inBatches: [...inBatches],
    reproduces,
    place,
    runs: [...runs],
    rbNumber: found.rbNumber,
    startedBy: found.startedBy,
    description: found.description,
    software:
      found.softwareName !== null && found.softwareVersion !== null
        ? { name: found.softwareName, version: found.softwareVersion }
        : null,
    scriptSha256,
    variables: [...chosenVariables({ ...found, declared })],
    variablesLeftOut: found.leftOut ?? [],
    submittedAt: found.submittedAt,
    startedAt: found.startedAt,
    finishedAt: found.finishedAt,
    durationSeconds: found.scriptSeconds,
    typicalSeconds: typical.get(instrument) ?? null,
    resultsPath,
    resultsPathWindows:
      resultsPath === null ? null : windowsForm(resultsPath, roots.resultsRoot, roots.resultsRootWindows),
    dataPaths: filePaths.map((linux) => ({ linux, windows: toWindowsPath(linux, roots.archiveRoot) ?? null })),
    versions: [...versions],
    previousRun,
    nextRun,
  }
}
