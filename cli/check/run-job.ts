import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import { plainLauncher } from '../../functions/process/launch-plain.ts'
import type { LaunchedScript, RunnerJob } from '../../functions/process/launcher.ts'
import type { RunnerReport } from '../../functions/process/runner-events.ts'
import { openScratch, type Scratch } from '../../functions/process/scratch.ts'

export type Workshop = { readonly environment: Environment; readonly files: ScriptFiles; readonly scratch: Scratch }

export const openWorkshop = async (environment: Environment, files: ScriptFiles): Promise<Workshop> => ({
  environment,
  files,
  // Of this user alone; what an earlier call left behind when it was killed is cleared up.
  scratch: await openScratch(join(tmpdir(), `autoreduction-check-${userInfo().uid}`)),
})

/** On one's own machine nobody is kept from one's own files; these lie in memory in isolated ways only. */
const limits = { temporaryBytes: 1024 ** 3 }

/** What is not limited here, for the sentences about limits. */
export const unlimited = { memoryBytes: Infinity, processes: Infinity, outputBytes: Infinity, outputFiles: Infinity }

/** Does one job with a copy of the script, as the service does, and gives what `use` makes of it. */
export const runJob = async <Result>(
  { environment, files, scratch }: Workshop,
  name: string,
  job: RunnerJob,
  listen: { readonly onLog: (bytes: Buffer) => Promise<void>; readonly onReport: (report: RunnerReport) => void },
  use: (script: LaunchedScript) => Promise<Result>,
): Promise<Result> =>
  use(plainLauncher(scratch).launch({ software: environment, name, script: files, job, limits, ...listen }))
