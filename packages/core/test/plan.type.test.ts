// Owns: what the compiler refuses in a plan, each refusal alone, and what it infers, so that nothing becomes `any`
// unnoticed.
/* oxlint-disable typescript/no-unsafe-call, typescript/no-unsafe-member-access -- what is refused has no type */
import type {
  InputOf,
  OutputOf,
  PlannedRequest,
  RejectionName,
  RequestMaker,
} from '../src/contract/contract.ts'
import { command, participant, query } from '../src/contract/contract.ts'
import type { Outcome, OutcomeOf, Rejected, Succeeded, Deferred } from '../src/contract/outcome.ts'
import type { Plan } from '../src/plan/plan.ts'
import { saga } from '../src/plan/plan.ts'
import type { Span } from '../src/plan/span.ts'
import { count, object, text } from './schemas.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const proved = <_ extends true>(): void => undefined

const Id = object({ id: text })

const shop = participant('shop', {
  open: command({
    input: Id,
    output: object({ number: count }),
    rejections: { taken: Id, closed: object({ until: count }) },
  }),
  close: command({ input: Id }),
  look: query({ input: Id, output: object({ name: text }), rejections: { unknown: Id } }),
  count: query({ input: Id, output: object({ total: count }) }),
  collect: command({
    input: Id,
    output: object({ paid: count }),
    rejections: { expired: Id },
    deferred: true,
  }),
})

const begun = saga('shop.test', { version: 1, input: object({ id: text, size: count }) })

// What plans of every form of the grammar look like: none of these lines is refused.
const full = begun
  .check('look', { run: shop.look(({ input }) => ({ id: input.id })), within: '10s' })
  .compensatable('open', {
    run: shop.open(({ input, results }) => ({ id: input.id + results.look.name })),
    undo: shop.close(({ input, results }) => ({ id: input.id + results.look.name })),
    within: '1.5m',
  })
  .pivot('collect', { run: shop.collect(({ input }) => ({ id: input.id })) })
  .retriable('close', { run: shop.close(({ results }) => ({ id: String(results.collect.paid) })) })
export const plan = full.end()
export const retriableOnly = begun
  .retriable('close', { run: shop.close(({ input }) => ({ id: input.id })) })
  .end()
export const pivotOnly = begun.pivot('open', { run: shop.open(({ input }) => ({ id: input.id })) }).end({})
export const certainEverywhere = begun
  .compensatable('first', { run: shop.close(({ input }) => input), undo: shop.close(({ input }) => input) })
  .pivot('second', { run: shop.close(({ input }) => input) })
  .end()

// What is inferred.
proved<Equal<typeof plan, Plan<{ readonly id: string; readonly size: number }>>>()
proved<Equal<InputOf<(typeof shop)['open']['spec']>, { readonly id: string }>>()
proved<Equal<OutputOf<(typeof shop)['open']['spec']>, { readonly number: number }>>()
proved<Equal<OutputOf<(typeof shop)['close']['spec']>, undefined>>()
proved<Equal<RejectionName<(typeof shop)['open']['spec']>, 'taken' | 'closed'>>()
proved<Equal<RejectionName<(typeof shop)['close']['spec']>, never>>()
proved<Equal<OutcomeOf<(typeof shop)['close']['spec']>, Succeeded<undefined>>>()
proved<Equal<OutcomeOf<(typeof shop)['count']['spec']>, Succeeded<{ readonly total: number }>>>()
proved<
  Equal<
    OutcomeOf<(typeof shop)['open']['spec']>,
    | Succeeded<{ readonly number: number }>
    | Rejected<'taken', { readonly id: string }>
    | Rejected<'closed', { readonly until: number }>
  >
>()
proved<
  Equal<
    OutcomeOf<(typeof shop)['collect']['spec']>,
    Succeeded<{ readonly paid: number }> | Rejected<'expired', { readonly id: string }> | Deferred
  >
>()
proved<
  Equal<(typeof shop)['close'] extends RequestMaker<infer S> ? InputOf<S> : never, { readonly id: string }>
>()
proved<Equal<Outcome, Succeeded | Rejected>>()

begun.check('typed', {
  run: shop.look(({ input, results }) => {
    proved<Equal<typeof input, { readonly id: string; readonly size: number }>>()
    proved<Equal<keyof typeof results, never>>()
    return { id: input.id }
  }),
})
full.retriable('typed', {
  run: shop.close(({ input, results }) => {
    proved<Equal<typeof input, { readonly id: string; readonly size: number }>>()
    proved<Equal<keyof typeof results, 'look' | 'open' | 'collect' | 'close'>>()
    proved<Equal<typeof results.look, { readonly name: string }>>()
    proved<Equal<typeof results.open, { readonly number: number }>>()
    proved<Equal<typeof results.collect, { readonly paid: number }>>()
    proved<Equal<typeof results.close, undefined>>()
    return { id: input.id }
  }),
})
full.end({
  completed: ({ input, results }) => {
    proved<Equal<typeof input.size, number>>()
    proved<Equal<typeof results.open.number, number>>()
    return {}
  },
  compensated: ({ input, because }) => {
    proved<Equal<typeof input.size, number>>()
    proved<Equal<typeof because.status, 'rejected' | 'faulted' | 'unknown' | 'cancelled'>>()
    proved<Equal<typeof because.data, unknown>>()
    return {}
  },
})

// Outside the grammar.
const afterPivot = begun.pivot('pay', { run: shop.open(({ input }) => ({ id: input.id })) })
const afterRetriable = begun.retriable('tell', { run: shop.close(({ input }) => ({ id: input.id })) })
const run = { run: shop.close((_: unknown) => ({ id: 'x' })) }
const look = { run: shop.look((_: unknown) => ({ id: 'x' })) }
const both = { ...run, undo: run.run }

begun.compensatable('a', both).pivot('b', run).retriable('c', run).end()
begun.check('a', look)
// @ts-expect-error a compensatable after the pivot
afterPivot.compensatable('late', both)
// @ts-expect-error a check after the pivot
afterPivot.check('late', look)
// @ts-expect-error two pivots
afterPivot.pivot('late', run)
// @ts-expect-error a check after a retriable
afterRetriable.check('late', look)
// @ts-expect-error a compensatable after a retriable
afterRetriable.compensatable('late', both)
// @ts-expect-error a pivot after a retriable
afterRetriable.pivot('late', run)
// @ts-expect-error a step after the end
plan.retriable('late', run)
// @ts-expect-error the end after the end
plan.end()

// The wrong kind of request.
const open = shop.open((_: unknown) => ({ id: 'x' }))
const collect = shop.collect((_: unknown) => ({ id: 'x' }))
// @ts-expect-error a rejectable command in a retriable
begun.retriable('a', { run: open })
// @ts-expect-error a rejectable command in a retriable, written in place
begun.retriable('a', { run: shop.open(({ input }) => ({ id: input.id })) })
// @ts-expect-error a rejectable and deferred command in a retriable
begun.retriable('a', { run: collect })
// @ts-expect-error a query in a retriable
begun.retriable('a', look)
// @ts-expect-error a rejectable command as undo
begun.compensatable('a', { ...run, undo: open })
// @ts-expect-error a rejectable command as undo, written in place
begun.compensatable('a', { ...run, undo: shop.open(({ input }) => ({ id: input.id })) })
// @ts-expect-error a query as undo
begun.compensatable('a', { ...run, undo: shop.count((_: unknown) => ({ id: 'x' })) })
// @ts-expect-error a compensatable without an undo
begun.compensatable('a', run)
// @ts-expect-error a command in a check
begun.check('a', run)
// @ts-expect-error a command in a check, written in place
begun.check('a', { run: shop.open(({ input }) => ({ id: input.id })) })
// @ts-expect-error a query in a compensatable
begun.compensatable('a', { run: shop.count((_: unknown) => ({ id: 'x' })), undo: run.run })
// @ts-expect-error a query as the pivot
begun.pivot('a', look)
// @ts-expect-error an undo for a check
begun.check('a', { ...look, undo: run.run })
// @ts-expect-error a deadline for a retriable
begun.retriable('a', { ...run, within: '10s' })

// Names and results.
// @ts-expect-error two steps of one name
begun.check('a', look).check('a', look)
// @ts-expect-error two steps of one name across the pivot
begun.check('a', look).pivot('b', run).retriable('a', run)
begun.compensatable('open', {
  run: shop.open(({ input }) => ({ id: input.id })),
  // @ts-expect-error an undo reads its own run's result
  undo: shop.close(({ results }) => ({ id: String(results.open.number) })),
})
const annotated = shop.close(
  (known: { readonly results: { readonly open: { readonly number: number } } }) => ({
    id: String(known.results.open.number),
  }),
)
// @ts-expect-error an undo that was planned elsewhere reads its own run's result
begun.compensatable('open', { run: open, undo: annotated })
// @ts-expect-error a run reads its own result
begun.check('look', { run: shop.look(({ results }) => ({ id: results.look.name })) })
begun
  // @ts-expect-error a run reads a later step's result
  .check('first', { run: shop.look(({ results }) => ({ id: results.second.name })) })
  .check('second', { run: shop.look(({ results }) => ({ id: results.first.name })) })
begun.compensatable('open', {
  run: shop.open(({ input }) => ({ id: input.id })),
  // @ts-expect-error an undo reads a later step's result
  undo: shop.close(({ results }) => ({ id: String(results.later.number) })),
})
// @ts-expect-error the end after a compensation reads results, which may not be there
full.end({ compensated: ({ results }) => ({ paid: results.collect.paid }) })

// Inputs.
// @ts-expect-error the wrong input type
begun.check('a', { run: shop.look(({ input }) => ({ id: input.size })) })
// @ts-expect-error a missing field of the input
begun.check('a', { run: shop.look(() => ({})) })
// @ts-expect-error a field that the saga's input does not have
begun.check('a', { run: shop.look(({ input }) => ({ id: input.unknown })) })
// @ts-expect-error a field that an earlier result does not have
full.retriable('a', { run: shop.close(({ results }) => ({ id: results.look.unknown })) })
// @ts-expect-error the wrong input type of an undo
begun.compensatable('a', { ...run, undo: shop.close(({ input }) => ({ id: input.size })) })
// @ts-expect-error a request that the participant does not offer
shop.burn(() => ({ id: 'x' }))

// Spans.
// @ts-expect-error a span without a unit
begun.check('a', { ...look, within: '30' })
// @ts-expect-error a span that is a number
begun.check('a', { ...look, within: 30 })
// @ts-expect-error a span with an unknown unit
begun.pivot('a', { ...run, within: '3w' })
// @ts-expect-error a saga deadline without a unit
saga('shop.test', { version: 1, input: Id, within: '30' })
export const spans: readonly Span[] = ['500ms', '30s', '10m', '2h', '1d', '1.5h']

// Contracts.
// @ts-expect-error a deferred query
query({ input: Id, deferred: true })
// @ts-expect-error a command without an input
command({ output: Id })

// A plan's functions cannot be given another context than the plan's.
export const strict: PlannedRequest<{ readonly input: { readonly id: string } }> = shop.close(
  // @ts-expect-error the context has no such field
  ({ input }) => ({ id: input.nothing }),
)

// A step that is sent along is given what the step before it was given; the one after it all there is.
export const along = begun
  .check('look', { run: shop.look(({ input }) => ({ id: input.id })) })
  .compensatable('open', { run: shop.open(({ input }) => input), undo: shop.close(({ input }) => input) })
  .pipelined.pivot('collect', { run: shop.collect(({ results }) => ({ id: results.look.name })) })
  .retriable('close', { run: shop.close(({ results }) => ({ id: String(results.open.number) })) })
  .end()
begun
  .compensatable('open', { run: shop.open(({ input }) => input), undo: shop.close(({ input }) => input) })
  // @ts-expect-error: the result of 'open' is not known when both are asked for
  .pipelined.pivot('collect', { run: shop.collect(({ results }) => ({ id: String(results.open.number) })) })
begun
  .compensatable('open', { run: shop.open(({ input }) => input), undo: shop.close(({ input }) => input) })
  .pipelined.pivot('collect', { run: shop.collect(({ input }) => input) })
  // @ts-expect-error: nor when a third one goes with them
  .pipelined.retriable('close', { run: shop.close(({ results }) => ({ id: String(results.open.number) })) })
begun
  .check('look', { run: shop.look(({ input }) => ({ id: input.id })) })
  // @ts-expect-error: nothing is sent along with a check
  .pipelined.retriable('close', { run: shop.close(() => ({ id: '' })) })
// @ts-expect-error: nor with nothing
begun.pipelined.retriable('close', { run: shop.close(() => ({ id: '' })) })
// @ts-expect-error: the word is about a step
begun.pivot('collect', { run: shop.collect(() => ({ id: '' })) }).pipelined.end()
// @ts-expect-error: a plan has steps
begun.end()
