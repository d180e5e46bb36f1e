// Owns: what is simulated: plans, the participants that do their work, who starts sagas and what else happens to
// them. The made-up system is one subject; a team's own file is another.
import type { Pattern, Plan, SagaRef } from '@ensemble/core'
import type { Clock, Database, Host, Implementation } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import type { Evidence } from './evidence.ts'
import type { Outside } from './outside.ts'

/** A program that may be replaced by a better one while sagas are under way. */
export interface Deployment {
  isRepaired: boolean
}

/** When and how one saga of a run is to begin. */
export interface Occasion {
  readonly chance: Chance
  readonly plans: readonly Plan[]
  /** 1 for the first saga of the run. */
  readonly number: number
  readonly now: number
  /** Sagas of this run should meet at the same rows. */
  readonly isCrowded: boolean
}

/** Something that a caller does at a service's host, once it is answered never again. */
export interface Visit {
  /** Milliseconds after the saga was started. */
  readonly afterMs: number
  /** Service that is called. */
  readonly service: string
  readonly name: string
  /** May be called again when no answer came: it must be idempotent. */
  readonly call: (host: Host, database: Database) => Promise<unknown>
}

/** One saga that a run starts. */
export interface Beginning {
  readonly plan: Plan
  readonly id: string
  readonly pattern: Pattern
  readonly input: unknown
  /** What the caller does before it starts the saga; thrown, it comes again. */
  readonly before?: Omit<Visit, 'afterMs'>
  /** What customers and others do about it. */
  readonly visits: readonly Visit[]
}

/** What a process has of its own, for effects that keep notes about their calls. */
export interface Own {
  readonly database: Database
  readonly clock: Clock
}

export interface Subject {
  readonly name: string
  /** The plans of one run; an older program knows only those of version 1. */
  readonly plans: (chance: Chance, deployment: Deployment) => readonly Plan[]
  /** An implementation for each participant, made anew for each process. */
  readonly participants: Readonly<Record<string, (outside: Outside, own: Own) => Implementation>>
  /** The `number`-th saga of a run. */
  readonly begin: (what: Occasion) => Beginning
  /** What its own people do about what still waits once all is healed; called again and again. */
  readonly attend?: (evidence: Evidence, sagas: readonly Witnessed[]) => readonly Visit[]
  /** What must be true of what is left when all has ended; each sentence is a violation. */
  readonly check: (evidence: Evidence, sagas: readonly Witnessed[]) => readonly string[]
}

/** A saga as its callers know it. */
export interface Witnessed {
  readonly saga: SagaRef
  readonly plan: Plan
  readonly input: unknown
  /** Whether the start was answered: then it must not be lost. */
  isAcknowledged: boolean
  wasCancelled: boolean
  /** What its visits were answered, in order. */
  readonly answers: Answered[]
}

/** An answer that a caller got: what the system may never take back. */
export interface Answered {
  readonly name: string
  readonly answer: unknown
}
