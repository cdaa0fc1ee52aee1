/** What the paths and the interpreter of an image lead to on this machine, where there are no images and no mounts. */
export type InsteadOfImage = {
  /** For `/var/openfaas/secrets`. */
  readonly secrets: string
  /** For `/home/app/function`, where the template puts a function's code; undefined where it has none here. */
  readonly code: string | undefined
  /** For `node`: the one that all functions run on, rather than the oldest on somebody's PATH. */
  readonly node: string
}

/** A mount as a whole path or the beginning of one; not within another path or word. */
const pathInArgument = /(?<![\w./-])(\/var\/openfaas\/secrets|\/home\/app\/function)(?=\/|$)/g

/** Program and arguments, split at spaces as OpenFaaS' watchdogs do, with the places of this machine. */
export function parseFprocess(
  fprocess: string,
  instead: InsteadOfImage,
): { readonly program: string; readonly args: readonly string[] } {
  const [program = '', ...args] = fprocess
    .trim()
    .split(/\s+/)
    .map((word) =>
      word.replace(pathInArgument, (path) => (path.startsWith('/var') ? instead.secrets : (instead.code ?? path))),
    )
  return { program: program === 'node' ? instead.node : program, args }
}

/** Does it run code that lies in an image, at the place of our template? */
export function namesCode(fprocess: string): boolean {
  return fprocess.split(/\s+/).some((word) => /^\/home\/app\/function(\/|$)/.test(word))
}
