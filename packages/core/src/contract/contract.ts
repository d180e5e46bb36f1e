// Owns: what a participant offers (commands and queries with their schemas) and how a plan refers to it. No
// behaviour.
// I1: a request without `rejections` is certain: its only outcome is `succeeded`.
// I2: what is sent or stored is named here, in full: participant, request, event names, contract version.
import type { Infer, Schema } from './schema.ts'

export interface RequestSpec {
  readonly kind: 'command' | 'query'
  readonly input: Schema
  readonly output?: Schema
  readonly rejections?: Readonly<Record<string, Schema>>
  /** Its outcome may come later (`deferred({ until })`), e.g. when a customer pays. */
  readonly deferred?: true
  /**
   * Past-tense name of the success event, e.g. `opened`; published as `<participant>.<event>`. Default
   * `<request>-succeeded`.
   */
  readonly event?: string
  /** Version of this contract; default 1. A participant sets aside what is newer than it knows. */
  readonly version?: number
}

export type CommandSpec = RequestSpec & { readonly kind: 'command' }
export type QuerySpec = RequestSpec & { readonly kind: 'query'; readonly deferred?: never }
export type CertainCommandSpec = CommandSpec & { readonly rejections?: never }

export type InputOf<S extends RequestSpec> = Infer<S['input']>
export type OutputOf<S> = S extends { readonly output: infer O extends Schema } ? Infer<O> : undefined
export type RejectionsOf<S> = S extends {
  readonly rejections: infer R extends Readonly<Record<string, Schema>>
}
  ? R
  : Record<never, never>
export type RejectionName<S> = Extract<keyof RejectionsOf<S>, string>

/** Names one request of one participant and carries its schemas. */
export interface RequestRef<S extends RequestSpec = RequestSpec> {
  readonly participant: string
  readonly request: string
  readonly spec: S
}

/**
 * A request as a plan asks for it: whom, what, and how its input is computed from the saga's input and
 * results.
 */
export interface PlannedRequest<Context, S extends RequestSpec = RequestSpec> {
  readonly ref: RequestRef<S>
  readonly input: (context: Context) => InputOf<S>
}

/** `order.open(({ input }) => ({ ... }))` plans a request; as a value it names the request. */
export interface RequestMaker<S extends RequestSpec> extends RequestRef<S> {
  <Context>(input: (context: Context) => InputOf<S>): PlannedRequest<Context, S>
}

export type Participant<Requests extends Readonly<Record<string, RequestSpec>>> = {
  readonly [Name in keyof Requests]: RequestMaker<Requests[Name]>
}

type Declared<S> = Omit<S, 'kind'>

/** A request that may write. */
export function command<const S extends Declared<CommandSpec>>(spec: S): S & { readonly kind: 'command' } {
  return { ...spec, kind: 'command' }
}

/** A request that only reads; the only thing a `check` step may ask. */
export function query<const S extends Declared<QuerySpec>>(spec: S): S & { readonly kind: 'query' } {
  return { ...spec, kind: 'query' }
}

/**
 * A service seen through its contract. The result has one maker per request.
 * Errors: throws when a name could not be a topic or an operation id (letters, digits, dash, underscore).
 */
export function participant<const Requests extends Readonly<Record<string, RequestSpec>>>(
  name: string,
  requests: Requests,
): Participant<Requests> {
  checkName('participant', name)
  const makers: Record<string, RequestMaker<RequestSpec>> = {}
  for (const [request, spec] of Object.entries(requests)) {
    checkName('request', request)
    makers[request] = maker({ participant: name, request, spec })
  }
  return makers as Participant<Requests>
}

function maker<S extends RequestSpec>(ref: RequestRef<S>): RequestMaker<S> {
  const plan = <Context>(input: (context: Context) => InputOf<S>): PlannedRequest<Context, S> => ({
    ref,
    input,
  })
  return Object.assign(plan, ref)
}

const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,62}$/

export function checkName(what: string, name: string): void {
  if (NAME_PATTERN.test(name)) return
  throw new TypeError(`${what} name '${name}': use a letter, then up to 62 letters, digits, '-' or '_'`)
}

/** Names of the events in which outcomes are published, e.g. `order.opened`, `payment.prepare-rejected`. */
export const eventNames = {
  succeeded: (ref: RequestRef): string =>
    `${ref.participant}.${ref.spec.event ?? `${ref.request}-succeeded`}`,
  other: (ref: RequestRef, status: string): string => `${ref.participant}.${ref.request}-${status}`,
}

/** True when the request has no business refusal: a retriable or an undo may ask it. */
export function isCertain(spec: RequestSpec): boolean {
  return spec.rejections === undefined || Object.keys(spec.rejections).length === 0
}
