import type { OperationContext } from '#file-workers/serve-calls.ts'
import { asResultsFault, ResultsFault, type ResultsFaultKind } from '../results-fault.ts'

/** What an operation comes to, as it goes from one process to another: faults are values there. */
export type DiskAnswer<Output> =
  { readonly kind: 'done'; readonly output: Output } | { readonly kind: 'fault'; readonly fault: ToldFault }

type ToldFault = { readonly kind: ResultsFaultKind; readonly problem: string; readonly advice: string }

type Operation<Input, Output> = (input: Input, context: OperationContext) => Promise<Output>

/** In the child: operations that tell of a fault instead of throwing it. */
export const answering = <Operations extends Readonly<Record<string, Operation<never, unknown>>>>(
  operations: Operations,
): Readonly<Record<string, Operation<never, DiskAnswer<unknown>>>> =>
  Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (input: never, context: OperationContext) =>
        operation(input, context).then(
          (output) => ({ kind: 'done' as const, output }),
          (cause: unknown) => ({ kind: 'fault' as const, fault: tell(asResultsFault(pathOf(cause) ?? name, cause)) }),
        ),
    ]),
  )

/** The file system's errors say which path they are about. */
const pathOf = (cause: unknown): string | undefined => {
  const path: unknown = cause instanceof Error ? Reflect.get(cause, 'path') : undefined
  return typeof path === 'string' ? path : undefined
}

const tell = ({ kind, problem, advice }: ResultsFault): ToldFault => ({ kind, problem, advice })

/** In the parent: the output, or the fault thrown. */
export const outputOf = <Output>(answer: DiskAnswer<Output>): Output => {
  if (answer.kind === 'done') return answer.output
  const { kind, problem, advice } = answer.fault
  throw new ResultsFault(kind, problem, advice)
}
