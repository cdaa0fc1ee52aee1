/** Thrown for a stack file that cannot be used; says where and why. */
export class StackFileFault extends Error {
  override readonly name = 'StackFileFault'
}

/**
 * Puts environment variables into the text of stack.yml, by the rules of `faas-cli`: `${NAME}`, `${NAME:-default}`
 * where NAME is unset or empty, `$$` for a dollar. Any other `${...}` is an error, and a `$` alone is itself.
 * @throws {StackFileFault}
 */
export function substituteVariables(text: string, environment: Readonly<Record<string, string | undefined>>): string {
  return text.replaceAll(/\$\$|\$\{[^}\n]*\}?/g, (expression, at: number) => {
    if (expression === '$$') return '$'
    const parts = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}$/.exec(expression)
    if (parts === null) {
      const line = text.slice(0, at).split('\n').length
      throw new StackFileFault(`line ${line}: ${expression} is neither \${NAME} nor \${NAME:-default}`)
    }
    const value = environment[parts[1] ?? '']
    return value === undefined || value === '' ? (parts[2] ?? '') : value
  })
}
