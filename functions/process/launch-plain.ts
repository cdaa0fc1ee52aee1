import { softwareLabel } from '#contracts/environments.ts'
import { endMarkedProcesses } from './end-marked-processes.ts'
import type { Launch, Launcher } from './launcher.ts'
import { killGroup, runnerProgram, spawnRunner } from './runner-program.ts'
import { jobMarker, writeScript, type Scratch } from './scratch.ts'
import { scriptEnvironment } from './script-environment.ts'
import { superviseRunner, type StartedRunner } from './supervise-runner.ts'

/** Runs a script as an ordinary process group, under the runner's supervision. No isolation. */
export const plainLauncher = (scratch: Scratch): Launcher => ({
  isolationOf: () => 'none (plain process group)',
  launch: (launch) => superviseRunner(launch, () => start(scratch, launch)),
  close: () => Promise.resolve(),
})

const start = async (scratch: Scratch, launch: Launch): Promise<StartedRunner> => {
  const { software } = launch
  const job = await scratch.openJob(launch.name)
  const marker = jobMarker(job.name)
  await writeScript(job.scriptDirectory, launch.script)
  const environment = scriptEnvironment({
    interpreter: software.interpreter,
    extra: software.environment,
    home: job.home,
    temporary: job.temporary,
    cache: await scratch.cache(softwareLabel(software)),
    job: job.name,
    timeZone: process.env['TZ'],
  })
  const runner = spawnRunner(software.interpreter, ['-u', runnerProgram, 'plain'], {
    cwd: job.directory,
    env: environment,
  })
  return {
    ...runner,
    request: { job: { ...launch.job, scriptDirectory: job.scriptDirectory }, limits: launch.limits },
    killHard: async (script) => {
      for (const group of [runner.process.pid, script]) killGroup(group)
      await endMarkedProcesses(marker)
    },
    clearUp: () => job.remove().catch(() => undefined),
  }
}
