import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '#contracts/environments.ts'
import type { ScriptFiles } from '#contracts/script.ts'
import { plainProcessGroup } from '../../functions/process/launch-plain.ts'
import type { LaunchedScript, Launcher, RunnerJob } from '../../functions/process/launcher.ts'
import { surroundings } from '../../functions/process/prepare-run.ts'
import type { RunnerReport } from '../../functions/process/runner-events.ts'
import { jobMarker, openScratch, writeScript, type Scratch } from '../../functions/process/scratch.ts'

/** What the service runs scripts by. */
const launcher: Launcher = plainProcessGroup

export type Workshop = { readonly environment: Environment; readonly files: ScriptFiles; readonly scratch: Scratch }

export const openWorkshop = async (environment: Environment, files: ScriptFiles): Promise<Workshop> => ({
  environment,
  files,
  // Of this user alone; what an earlier call left behind when it was killed is cleared up.
  scratch: await openScratch(join(tmpdir(), `autoreduction-check-${userInfo().uid}`)),
})

/** Does one job with a copy of the script, as the service does, and gives what `use` makes of it. */
export const runJob = async <Result>(
  { environment, files, scratch }: Workshop,
  name: string,
  jobFor: (scriptDirectory: string) => RunnerJob,
  listen: { readonly onLog: (bytes: Buffer) => Promise<void>; readonly onReport: (report: RunnerReport) => void },
  use: (script: LaunchedScript) => Promise<Result>,
): Promise<Result> => {
  const job = await scratch.openJob(name)
  try {
    await writeScript(job.scriptDirectory, files)
    const script = launcher.launch({
      interpreter: environment.interpreter,
      scratch: job.directory,
      marker: jobMarker(job.name),
      environment: await surroundings({ scratch }, environment, job),
      job: jobFor(job.scriptDirectory),
      ...listen,
    })
    return await use(script)
  } finally {
    await job.remove().catch(() => undefined)
  }
}
