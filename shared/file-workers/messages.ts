/** What parent and reader say to each other. One call at a time: a reader that hangs is given up as a whole. */
export type Request = { readonly id: number; readonly operation: string; readonly input: unknown }

export type Reply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly output: unknown; readonly retires: boolean }
  | { readonly kind: 'fault'; readonly id: number; readonly message: string }
