// Owns: the part of the Standard Schema interface (standardschema.dev) that contracts need, so that zod,
// valibot, arktype or a team's own validators describe messages while this package imports nothing.
// I1: validation is synchronous; a schema that answers with a promise is a fault of the contract, not of the
// data.

export interface SchemaIssue {
  readonly message: string
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] }

export interface Schema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** The type that a schema describes. */
export type Infer<S> = S extends { readonly '~standard': { readonly types?: infer T } }
  ? NonNullable<T> extends { readonly output: infer Output }
    ? Output
    : never
  : never

export type Checked<Output> =
  | { readonly ok: true; readonly value: Output }
  | { readonly ok: false; readonly problems: readonly string[] }

/** Validates a value against a schema; problems name the field, e.g. `items.0.sku: expected string`. */
export function check<Output>(schema: Schema<Output>, value: unknown): Checked<Output> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise)
    return { ok: false, problems: ['the schema is asynchronous; contracts need a synchronous one'] }
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, problems: result.issues.map(describeIssue) }
}

function describeIssue(issue: SchemaIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
