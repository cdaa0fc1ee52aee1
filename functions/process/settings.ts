import { tmpdir, totalmem } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { shortestLeaseSeconds, usualLeaseSeconds } from '#domain/lease.ts'
import { isolations } from './launcher.ts'

const absolutePath = z.string().refine(isAbsolute, 'must be an absolute path')
const mode = z
  .string()
  .regex(/^0?[0-7]{3}$/, 'must be an octal mode such as 0664')
  .transform((text) => Number.parseInt(text, 8))
const paths = z
  .string()
  .default('')
  .transform((text) => text.split(':').filter((root) => root !== ''))
  .pipe(z.array(absolutePath))
const megabytes = (usual: number) =>
  z.coerce
    .number()
    .positive()
    .default(usual)
    .transform((size) => size * 1024 * 1024)

const leastMemoryBytes = 2 * 1024 ** 3

/** What a container may use counts, where it is less than the machine has. */
const shareOfMemory = (slots: number): number => {
  const there = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.max(leastMemoryBytes, Math.floor((there * 0.8) / slots))
}
const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text

/** `raw.githubusercontent.com` means https; another scheme or port is written whole: `http://127.0.0.1:3000`. */
export const originsSetting = z
  .string()
  .transform((text) =>
    text
      .split(/[\s,]+/)
      .filter((place) => place !== '')
      .map((place) => (place.includes('://') ? place : `https://${place}`).toLowerCase().replace(/\/$/, '')),
  )
  .pipe(z.array(z.string().refine(isOrigin, 'must be hosts such as raw.githubusercontent.com, with commas between')))

/** Where the files of variables may come from unless an operator says otherwise: the raw files of the facility's GitHub. */
export const usualFileHosts = 'raw.githubusercontent.com'

/** All settings of `process`, from the environment. */
export const settingsSchema = z
  .object({
    RESULTS_ROOT: absolutePath,
    ENVIRONMENTS_FILE: absolutePath,
    /** What scripts read; where it is not given they see no more of it than their input. */
    ARCHIVE_ROOT: absolutePath.optional(),
    /** `best`: what holds on this machine; `required`: no work without; `none`. */
    REDUCTION_ISOLATION: z.enum(isolations).default('best'),
    /** Folders, separated by colons, that scripts may read beside the archive: masks, calibrations. */
    script_readable_paths: paths,
    /** Of all processes of one script together. By default the slots share four fifths of what the machine has. */
    memory_limit_megabytes: z.coerce.number().positive().optional(),
    process_limit: z.coerce.number().int().min(8).default(1024),
    open_file_limit: z.coerce.number().int().min(64).default(4096),
    /** Of /tmp with HOME in it, and of /dev/shm; they lie in memory, and only isolated scripts have their own. */
    temporary_megabytes: megabytes(1024),
    secret_mount_path: z.string().default('/var/openfaas/secrets'),
    gateway_url: z.url().default('http://127.0.0.1:8080'),
    /** Reductions at a time in this replica. */
    slots: z.coerce.number().int().min(1).max(256).default(2),
    /** How long a bell's call goes on with what is next in line; 0 for one reduction a call. */
    go_on_seconds: z.coerce.number().min(0).max(3_600).default(60),
    /** The orchestrator's grace after SIGTERM; scripts are given back shortly before it ends. */
    grace_seconds: z.coerce.number().min(5).default(25),
    /** How long a reduction stays this processor's without a heart-beat; dispatch is told the same. */
    lease_seconds: z.coerce.number().int().min(shortestLeaseSeconds).default(usualLeaseSeconds),
    /** Where scripts and their temporary files lie while they run. */
    scratch_directory: absolutePath.default(join(tmpdir(), 'autoreduction')),
    /** Roots, separated by colons, below which scripts may have their results copied as well. */
    extra_directories_roots: paths,
    result_file_mode: mode.default(0o664),
    result_directory_mode: mode.default(0o775),
    result_group: z.coerce.number().int().min(0).optional(),
    /** Hosts that the file of a `{"url", "default"}` variable may be fetched from; `none` for nowhere. */
    variable_file_hosts: z
      .string()
      .default(usualFileHosts)
      .transform((text) => (text.trim() === 'none' ? '' : text))
      .pipe(originsSetting),
    variable_file_megabytes: megabytes(5),
    variable_file_seconds: z.coerce.number().positive().max(600).default(30),
    output_limit_megabytes: megabytes(100_000),
    output_limit_files: z.coerce.number().int().positive().default(100_000),
    /** How long the last log of a reduction that was given up stays beside where its results would be. */
    kept_log_days: z.coerce.number().min(0).default(30),
    log_head_megabytes: megabytes(8),
    log_tail_megabytes: megabytes(2),
    read_variables_seconds: z.coerce.number().positive().default(60),
  })
  .transform((given) => ({
    resultsRoot: given.RESULTS_ROOT,
    environmentsFile: given.ENVIRONMENTS_FILE,
    gatewayUrl: given.gateway_url,
    slots: given.slots,
    leaseSeconds: given.lease_seconds,
    goOnMs: given.go_on_seconds * 1000,
    graceMs: given.grace_seconds * 1000,
    scratchRoot: given.scratch_directory,
    extraRoots: given.extra_directories_roots,
    modes: {
      file: given.result_file_mode,
      directory: given.result_directory_mode,
      ...(given.result_group === undefined ? {} : { group: given.result_group }),
    },
    variableFiles: {
      origins: given.variable_file_hosts,
      sizeBytes: given.variable_file_megabytes,
      limitMs: given.variable_file_seconds * 1000,
    },
    outputLimitBytes: given.output_limit_megabytes,
    outputLimitFiles: given.output_limit_files,
    isolation: given.REDUCTION_ISOLATION,
    /** What scripts may read, and what they may not wherever it lies. */
    readable: [...(given.ARCHIVE_ROOT === undefined ? [] : [given.ARCHIVE_ROOT]), ...given.script_readable_paths],
    hidden: [given.RESULTS_ROOT, given.scratch_directory, given.secret_mount_path],
    limits: {
      memoryBytes:
        given.memory_limit_megabytes === undefined
          ? shareOfMemory(given.slots)
          : given.memory_limit_megabytes * 1024 ** 2,
      processes: given.process_limit,
      openFiles: given.open_file_limit,
      temporaryBytes: given.temporary_megabytes,
    },
    keptLogDays: given.kept_log_days,
    logLimits: { headBytes: given.log_head_megabytes, tailBytes: given.log_tail_megabytes },
    readVariablesMs: given.read_variables_seconds * 1000,
  }))
export type Settings = z.infer<typeof settingsSchema>
