// Owns: the casts of runtime, in one place. Handlers are checked against their contracts where they are
// declared; the engine keeps them in tables, untyped, and validates every input against its schema before a
// handler sees it.

/** Gives a value the type that a declaration has proved. */
export function typed<T>(value: unknown): T {
  return value as T
}
