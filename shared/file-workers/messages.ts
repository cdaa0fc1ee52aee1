/** What parent and file process say to each other. */
export type Request = { readonly id: number; readonly operation: string; readonly input: unknown }

export type Reply =
  | { readonly kind: 'ready' }
  /** It goes on. `allowMs`: the next step may take so much longer than a step usually may. */
  | { readonly kind: 'progress'; readonly id: number; readonly allowMs: number }
  | { readonly kind: 'answer'; readonly id: number; readonly output: unknown; readonly retires: boolean }
  | { readonly kind: 'fault'; readonly id: number; readonly message: string }
