// Owns: whoever calls the system: customers who start sagas and do things about them, again and again until they are
// answered, and the operator who looks after what is stuck once everything is healed.
// I1: a call that is not answered in time is made again, at any instance; it is idempotent.
import { isRecord, rejected, succeeded } from '@ensemble/core'
import type { Host } from '@ensemble/runtime'
import type { Chance } from './chance.ts'
import { keyOf, startsIn } from './checks/sagas.ts'
import { keptIn, type Evidence } from './evidence.ts'
import type { Faults } from './faults.ts'
import type { Schedule } from './schedule.ts'
import { STARTER } from './roles.ts'
import type { Beginning, Subject, Visit, Witnessed } from './subject.ts'
import type { System } from './system.ts'

const PATIENCE_MS = 5_000
/** Some minutes: a lone host may pause, die, and die of one message again and again, long after the faults are over. */
const TRIES_MAX = 300
/** Who comes before there is anything to be done about comes again a few times. */
const EARLY_TRIES_MAX = 10
/** Others may have repaired so often while there were faults. */
const REPAIRS_MAX = 10

interface Parts {
  readonly system: System
  readonly attend: NonNullable<Subject['attend']>
  readonly schedule: Schedule
  readonly faults: Faults
  readonly chance: Chance
  readonly tell: (who: string, what: string) => void
}

export class Callers {
  readonly sagas: Witnessed[] = []
  /** Calls that were never answered, however often they were made. */
  readonly unanswered: string[] = []
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Every start that may ever be answered has been. */
  get areAnswered(): boolean {
    return this.sagas.every(({ isAcknowledged }) => isAcknowledged)
  }

  begin({ plan, id, pattern, input, before, visits }: Beginning): void {
    const witnessed: Witnessed = {
      saga: { plan: plan.name, id, pattern },
      plan,
      input,
      isAcknowledged: false,
      wasCancelled: false,
      answers: [],
    }
    this.sagas.push(witnessed)
    const start: Visit = {
      afterMs: 0,
      service: STARTER,
      name: `start ${plan.name}/${id}`,
      call: (host) => host.start(plan, { id, input, pattern }),
    }
    const begin = (): void => this.#visit(start, () => void (witnessed.isAcknowledged = true))
    if (before === undefined) begin()
    else this.#visit({ ...before, afterMs: 0 }, begin)
    for (const visit of visits) {
      if (visit.name === 'cancel') witnessed.wasCancelled = true
      const hear = (answer: unknown): void => void witnessed.answers.push({ name: visit.name, answer })
      this.#parts.schedule.after(visit.afterMs, () => this.#visit(visit, hear))
    }
  }

  /** Tells what became of calls in doubt, tries again what is parked, repairs what a lost message has stopped. */
  operate(evidence: Evidence, round: number): void {
    for (const kept of evidence.rows('operations')) {
      const row = keptIn(kept) ?? {}
      if (row['status'] === 'calling' && row['parked'] !== null) this.#supply(String(row['id']), evidence)
    }
    this.#retry(evidence)
    for (const visit of this.#parts.attend(evidence, this.sagas)) this.#visit(visit)
    if (this.#parts.faults.counts.has('message lost') || hasBuriedEnds(evidence))
      this.#repair(evidence, REPAIRS_MAX + round)
  }

  /** What a missed message has stopped is the operator's to repair; an orchestrator that knows its saga asks again. */
  #repair(evidence: Evidence, round: number): void {
    const known = new Set(
      evidence.rows('sagas').flatMap((kept) => {
        const row = keptIn(kept) ?? {}
        return isRecord(row['state']) ? [`${String(row['plan'])}/${String(row['id'])}`] : []
      }),
    )
    const started = startsIn(evidence)
    for (const message of evidence.messages) {
      if (message.type !== 'ended') continue
      // Its starter may be the one who missed it.
      const key = keyOf(message.saga)
      if (started.get(key) === null) known.delete(key)
      else known.add(key)
    }
    for (const { saga } of this.sagas) {
      if (known.has(keyOf(saga))) continue
      const repair = (host: Host): Promise<void> => host.repair(saga, round)
      this.#visit({ afterMs: 0, service: STARTER, name: `repair ${round}`, call: repair })
    }
  }

  /** A turn is parked where the timer that was to try again is buried. */
  #retry(evidence: Evidence): void {
    for (const { message } of evidence.buried()) {
      if (message.type !== 'timer' || typeof message.data !== 'string') continue
      const operation = message.data
      const found = this.#lookUp(operation)
      if (found === null) continue
      const { service } = found
      this.#visit({ afterMs: 0, service, name: 'retry', call: (host) => host.retry(operation) })
    }
  }

  #supply(operation: string, evidence: Evidence): void {
    const found = this.#lookUp(operation)
    if (found === null) return
    const { service, isCertain } = found
    const { done, undone } = evidence.deeds.get(operation.replace(/\/undo$/, '/run')) ?? {
      done: 0,
      undone: 0,
    }
    const isDone = operation.endsWith('/undo') ? done === undone : done > 0
    // What cannot be refused is still to be done.
    if (!isDone && isCertain) {
      this.#visit({ afterMs: 0, service, name: 'retry', call: (host) => host.retry(operation) })
      return
    }
    const outcome = isDone ? succeeded({ called: true }) : rejected('no', {})
    const supply = (host: Host): Promise<void> => host.supply(operation, { outcome, by: 'operator' })
    // Two operators who do not know of each other.
    for (const name of ['supply', 'supply again']) this.#visit({ afterMs: 0, service, name, call: supply })
  }

  /** Who does an operation, and whether it can only succeed. */
  #lookUp(operation: string): { readonly service: string; readonly isCertain: boolean } | null {
    for (const { saga, plan } of this.sagas) {
      for (const { name, kind, run, undo } of plan.steps) {
        const begin = `${saga.plan}/${saga.id}/${name}`
        if (operation === `${begin}/run`)
          return { service: run.ref.participant, isCertain: kind === 'retriable' }
        if (undo !== null && operation === `${begin}/undo`)
          return { service: undo.ref.participant, isCertain: true }
      }
    }
    return null
  }

  #visit(visit: Visit, onAnswer: (answer: unknown) => void = () => undefined, tries = 1): void {
    const { system, schedule, chance, tell } = this.#parts
    let isAnswered = false
    const again = (why: string, isOwn = false): void => {
      if (isAnswered) return
      isAnswered = true
      if (tries >= TRIES_MAX) {
        if (!isOwn) this.unanswered.push(`${visit.name} at ${visit.service} was tried ${tries} times: ${why}`)
        return
      }
      tell('caller', `${visit.name} at ${visit.service}: ${why}`)
      schedule.after(chance.int(100, 1_500), () => this.#visit(visit, onAnswer, tries + 1))
    }
    const reached = system.host(visit.service)
    if (reached === null) {
      again('nobody answers')
      return
    }
    const { host, process } = reached
    process.watch?.called(process.name, tries === 1 ? visit.name : `${visit.name}, try ${tries}`)
    schedule.after(PATIENCE_MS, () => again('no answer in time'))
    visit.call(host, reached.database).then(
      (answer) => {
        if (isAnswered) return
        isAnswered = true
        onAnswer(answer)
      },
      (error: unknown) => {
        if (isFinal(error, tries)) isAnswered = true
        // An error without a code is the caller's own word that there was nothing to be done yet.
        else again(String(error), !(error instanceof Error && 'code' in error))
      },
    )
  }
}

/**
 * Whether somebody's workers died of a message that nobody else answers: the start of an orchestrated saga, or its end.
 * A parked turn is tried again; whoever buries another message answers it.
 */
function hasBuriedEnds(evidence: Evidence): boolean {
  return evidence
    .buried()
    .some(
      ({ message }) =>
        message.type === 'ended' || (message.type === 'start' && message.saga.pattern === 'orchestration'),
    )
}

/** What a caller would be told again. */
function isFinal(error: unknown, tries: number): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'OPERATION_UNKNOWN') return tries >= EARLY_TRIES_MAX
  return code === 'OPERATION_SETTLED' || code === 'SAGA_UNKNOWN' || code === 'SAGA_STARTED_DIFFERENTLY'
}
