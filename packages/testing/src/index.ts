// The public names for tests: given/when/then for plans and rules.
export { specify } from './specify.ts'
export type { Specified, Then, When } from './specify.ts'
export {
  accepted,
  cancel,
  faulted,
  later,
  overdue,
  rejected,
  started,
  succeeded,
  undone,
  unknown,
  withdrawn,
} from './specify-happenings.ts'
export type { Happening, Started } from './specify-happenings.ts'
export {
  asks,
  compensates,
  completes,
  ignores,
  knows,
  notes,
  parks,
  records,
  undoes,
  waits,
  withdraws,
} from './specify-expectations.ts'
export type { Expected } from './specify-expectations.ts'
export { specifyRule } from './specify-rule.ts'
export type { AnyChange, Found, RuleThen, RuleWhen, SpecifiedRule } from './specify-rule.ts'
export { databaseConformance } from './conformance/database.ts'
export type { DatabaseWorld, Thing, ThingEntry } from './conformance/database.ts'
export { linkConformance } from './conformance/link.ts'
export type { LinkWorld } from './conformance/link.ts'
export { transportConformance } from './conformance/transport.ts'
export type { TransportWorld } from './conformance/transport.ts'
export { troubled } from './conformance/troubled.ts'
export type { Trouble } from './conformance/troubled.ts'
