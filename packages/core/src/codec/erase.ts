// Owns: the casts of core, in one place. The builder's types are proved by type tests; at run time a plan is
// untyped data.

/** Gives a value the type that the types around it have proved. */
export function erased<T>(value: unknown): T {
  return value as T
}
