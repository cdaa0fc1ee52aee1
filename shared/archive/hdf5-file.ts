import type { Dataset, Group } from 'h5wasm/node'

/** The HDF5 library could not read the file; what it says, in its own words. */
export class Hdf5Fault extends Error {
  override readonly name = 'Hdf5Fault'
  readonly retryable = true
}

/** A file open for reading. Paths are absolute (`/raw_data_1/title`). What is absent, empty or of another type is null. */
export type Hdf5File = {
  /** Those whose names fit, in the file's order. */
  readonly groups: (path: string, named?: RegExp) => readonly string[]
  readonly text: (path: string) => string | null
  readonly number: (path: string) => number | null
  readonly attribute: (path: string, name: string) => string | null
  readonly close: () => void
}

const largestTextBytes = 1024 * 1024

const loadLibrary = async () => {
  const library = await import('h5wasm/node')
  const module = await library.ready
  // Errors become exceptions with the library's words, instead of text on standard error and numbers that mean nothing.
  module.activate_throwing_error_handler()
  return { library, module }
}
type Library = Awaited<ReturnType<typeof loadLibrary>>
let loading: Promise<Library> | undefined

/**
 * Opens an HDF5 file. The library reads what is asked for and nothing else, so a file's size does not matter. It blocks the thread, and
 * after a fault it may keep the file's descriptor: let the process end soon.
 * @throws {Hdf5Fault}
 */
export const openHdf5 = async (path: string): Promise<Hdf5File> => {
  const { library, module } = await (loading ??= loadLibrary())
  const file = guarded(() => new library.File(path, 'r'))

  // A question costs a tenth of a millisecond, since the library goes from the root to the place each time: as few as will do.
  const known = new Map<string, Dataset | Group | undefined>([['', file]])
  const namesIn = new Map<Group, ReadonlySet<string>>()
  const parentOf = (path: string): Group | undefined => {
    const slash = path.lastIndexOf('/')
    const parent = find(path.slice(0, Math.max(slash, 0)))
    if (!(parent instanceof library.Group)) return undefined
    const names = namesIn.get(parent) ?? new Set(parent.keys())
    namesIn.set(parent, names)
    return names.has(path.slice(slash + 1)) ? parent : undefined
  }
  const find = (at: string): Dataset | Group | undefined => {
    const path = at === '/' ? '' : at
    if (known.has(path)) return known.get(path)
    const entity = parentOf(path)?.get(path)
    const found = entity instanceof library.Dataset || entity instanceof library.Group ? entity : undefined
    known.set(path, found)
    return found
  }
  /** What has the name of a dataset nearly always is one: what it is, is asked only where it does not open as that. */
  const dataset = (at: string): Dataset | undefined => {
    if (!known.has(at) && parentOf(at)) {
      const expected = new library.Dataset(file.file_id, at)
      if (opens(expected)) known.set(at, expected)
    }
    const found = find(at)
    return found instanceof library.Dataset ? found : undefined
  }
  const text = (found: Dataset | undefined): string | null => {
    if (!found) return null
    if (isNumeric(found, module)) {
      const value = firstNumber(found)
      return value === null ? null : String(value)
    }
    const bytes = found.metadata.type === module.H5T_class_t.H5T_STRING.value ? firstString(found, module) : undefined
    return bytes === undefined ? null : decode(bytes)
  }

  return {
    groups: (at, named = /(?:)/) =>
      guarded(() => {
        const group = find(at)
        if (!(group instanceof library.Group)) return []
        const place = at === '/' ? '' : at
        return [...(namesIn.get(group) ?? group.keys())].filter(
          (name) => named.test(name) && find(`${place}/${name}`) instanceof library.Group,
        )
      }),
    text: (at) => guarded(() => text(dataset(at))),
    number: (at) =>
      guarded(() => {
        const found = dataset(at)
        if (!found) return null
        if (isNumeric(found, module)) return firstNumber(found)
        const written = text(found)?.trim() ?? ''
        return /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?$/i.test(written) ? Number(written) : null
      }),
    attribute: (at, name) =>
      guarded(() => {
        const attribute = find(at)?.attrs[name]
        const value: unknown = attribute?.value
        const first: unknown = Array.isArray(value) ? value[0] : value
        return typeof first === 'string' ? first : null
      }),
    close: () => void guarded(() => file.close()),
  }
}

/** Its type and shape are kept with it. */
const opens = (expected: Dataset): boolean => {
  try {
    return Boolean(expected.metadata)
  } catch {
    return false
  }
}

const guarded = <Result>(work: () => Result): Result => {
  try {
    return work()
  } catch (cause) {
    throw new Hdf5Fault(innermost(cause instanceof Error ? cause.message : String(cause)), { cause })
  }
}

/** The library prints its stack of errors, the cause last: `#006: file.c line 577 in f(): truncated file: …`. */
const innermost = (message: string): string =>
  /#[0-9]+: .* in [A-Za-z0-9_]+\(\): (.*)/.exec(
    message.split('\n').findLast((line) => /^\s*#[0-9]+:/.test(line)) ?? '',
  )?.[1] ?? message.slice(0, 200)

const isNumeric = (found: Dataset, module: Library['module']): boolean =>
  found.metadata.type === module.H5T_class_t.H5T_INTEGER.value ||
  (found.metadata.type === module.H5T_class_t.H5T_FLOAT.value && found.metadata.size >= 4 && found.metadata.size <= 8)

/** The first element of an array of any shape, or the scalar. */
const firstNumber = (found: Dataset): number | null => {
  const shape = found.metadata.shape
  if (!shape || found.metadata.total_size === 0) return null
  const value: unknown = shape.length === 0 ? found.value : found.slice(shape.map(() => [0, 1]))
  const first: unknown = ArrayBuffer.isView(value) ? Reflect.get(value, 0) : value
  const number = typeof first === 'bigint' ? Number(first) : first
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

/**
 * The bytes of the first string. The library's own reading trusts the file's character set, and files say ASCII and hold Latin-1 or
 * UTF-8.
 */
const firstString = (found: Dataset, module: Library['module']): Uint8Array | undefined => {
  const { shape, size, vlen, total_size: count } = found.metadata
  if (!shape || count === 0 || size > largestTextBytes) return undefined
  const selection = shape.length === 0 ? null : shape.map(() => 1n)
  const origin = shape.length === 0 ? null : shape.map(() => 0n)
  const pointer = module._malloc(size)
  try {
    module.get_dataset_data(found.file_id, found.path, selection, origin, selection, BigInt(pointer))
    if (!vlen) return untilNul(module.HEAPU8.slice(pointer, pointer + size))
    const target = new DataView(module.HEAPU8.buffer).getUint32(pointer, true)
    const end = Math.min(module.HEAPU8.indexOf(0, target), target + largestTextBytes)
    const bytes = target === 0 ? new Uint8Array() : module.HEAPU8.slice(target, end)
    if (selection === null) module.reclaim_vlen_memory(found.file_id, found.path, '', BigInt(pointer))
    else module.reclaim_vlen_memory_count(found.file_id, found.path, '', BigInt(pointer), selection)
    return bytes
  } finally {
    module._free(pointer)
  }
}

const untilNul = (bytes: Uint8Array): Uint8Array => {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

const decode = (bytes: Uint8Array): string => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
