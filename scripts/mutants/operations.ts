// Owns: bugs of the operation table and of the batch that is decided with it (runtime/perform), and of the slip.
import type { Mutant } from './mutant.ts'

const OPERATION = 'packages/runtime/src/perform/operation.ts'
const ANSWER = 'packages/runtime/src/perform/answer.ts'
const RUN = 'packages/runtime/src/perform/decide-run.ts'
const WITHDRAW = 'packages/runtime/src/perform/decide-withdraw.ts'
const FAULT = 'packages/runtime/src/perform/fault.ts'
const PICTURE = 'packages/runtime/src/perform/picture.ts'
const PERFORM = 'packages/runtime/src/perform/perform.ts'
const OWN = 'packages/runtime/src/perform/decide-own.ts'
const WATCH = 'packages/runtime/src/perform/watch.ts'
const RULES = 'packages/runtime/src/perform/rules.ts'
const ACT = 'packages/runtime/src/act.ts'

export const operationMutants: readonly Mutant[] = [
  {
    name: 'duplicate-is-dropped-in-silence',
    harm: 'whoever asks again because the answer was lost waits for ever',
    file: OPERATION,
    edits: [
      {
        find: `if (work.slip === null) return { do: 'answer again', again: 0 }`,
        replace: `if (work.slip === null) return { do: 'ignore', reason: 'duplicate' }`,
      },
    ],
  },
  {
    name: 'pipelined-step-is-taken-up-in-silence',
    harm: 'an order is undone although its payment has been taken up, because nobody was told',
    file: ANSWER,
    edits: [
      {
        find: `    ...(onward !== null && { goesOnWith: onward.ask.operation }),`,
        replace: '',
      },
    ],
  },
  {
    name: 'operation-is-kept-although-it-threw',
    harm: 'what failed once is taken for done: nobody tries it again',
    file: FAULT,
    edits: [
      {
        find: `  retryLater(shop, picture, work.message, attempt)
  const type = usedUp`,
        replace: `  const type = usedUp`,
      },
    ],
  },
  {
    name: 'retry-is-ignored-by-its-own-row',
    harm: 'what is set aside is never tried again',
    file: OPERATION,
    edits: [
      {
        find: `if (work.attempt > 0 && work.attempt >= row.attempt) return { do: 'handle' }`,
        replace: '',
      },
    ],
  },
  {
    name: 'retry-is-handled-whatever-the-row-says',
    harm: 'an operation that was withdrawn is carried out by its own late retry',
    file: OPERATION,
    edits: [
      {
        find: `  if (row === undefined) return { do: 'handle' }
  switch (row.status) {
    case 'set_aside':`,
        replace: `  if (row === undefined || work.attempt > 0) return { do: 'handle' }
  switch (row.status) {
    case 'set_aside':`,
      },
    ],
  },
  {
    name: 'retry-that-an-older-program-set-aside-is-lost',
    harm: 'while two versions of a program run, what is set aside for the newer one is never tried again',
    file: OPERATION,
    edits: [{ find: 'work.attempt >= row.attempt', replace: 'work.attempt === row.attempt' }],
  },
  {
    name: 'unknown-plan-is-a-failure',
    harm: 'while two versions of a program run, the older one makes sagas of the newer one fail',
    file: FAULT,
    edits: [{ find: `new Set(['PLAN_UNKNOWN', 'CONTRACT_UNKNOWN'])`, replace: 'new Set()' }],
  },
  {
    name: 'fault-of-a-message-is-swallowed',
    harm: 'a cancel whose rule throws once is lost',
    file: FAULT,
    edits: [
      {
        find: `  const attempt = what.attempt + 1
  retryLater(shop, picture, what.message, attempt)`,
        replace: `  const attempt = what.attempt + 1`,
      },
    ],
  },
  {
    name: 'copies-in-one-batch-are-all-handled',
    harm: 'a command that is delivered twice in one batch is carried out twice',
    file: PICTURE,
    edits: [
      {
        find: 'return this.#operations.get(id) ?? this.loaded.operations.get(id)',
        replace: 'return this.loaded.operations.get(id)',
      },
    ],
  },
  {
    name: 'answer-is-stored-after-the-commit',
    harm: 'work that was done and whose answer was not stored is done again',
    file: ACT,
    edits: [
      {
        find: `    this.#held.write(tx, this.#member.perform.stores)`,
        replace: `    const { stores } = this.#member.perform
    const later = async (act: (own: Transaction) => Promise<void>): Promise<void> =>
      tx.onCommit(() => void database.transaction(act).catch(() => undefined))
    const operations = {
      ...stores.operations,
      insert: (_: unknown, rows: Parameters<typeof stores.operations.insert>[1]) =>
        later((own) => stores.operations.insert(own, rows)),
      update: (_: unknown, rows: Parameters<typeof stores.operations.update>[1]) =>
        later((own) => stores.operations.update(own, rows)),
    }
    this.#held.write(tx, { ...stores, operations })`,
      },
    ],
  },
  {
    name: 'timer-is-set-after-the-commit',
    harm: 'a retry or a timer is lost with the process that was about to set it, and nobody comes back',
    file: ACT,
    edits: [
      {
        find: `    this.#held.write(tx, this.#member.perform.stores)`,
        replace: `    const { stores } = this.#member.perform
    const scheduled = {
      ...stores.scheduled,
      insert: async (_: unknown, rows: Parameters<typeof stores.scheduled.insert>[1]) =>
        tx.onCommit(
          () => void database.transaction((own) => stores.scheduled.insert(own, rows)).catch(() => undefined),
        ),
    }
    this.#held.write(tx, { ...stores, scheduled })`,
      },
    ],
  },
  {
    name: 'withdraw-before-its-run-is-ignored',
    harm: 'a saga that was cancelled before it began waits for ever for an answer to the cancel',
    file: WITHDRAW,
    edits: [
      {
        find: `      if (row === undefined && ask.issuedAt < picture.loaded.horizon) {`,
        replace: `      if (row === undefined) return null
      if (row === undefined && ask.issuedAt < picture.loaded.horizon) {`,
      },
    ],
  },
  {
    name: 'cancel-withdraws-an-undo',
    harm: 'a cancel stops the way back: what was done stays done, and the saga never ends',
    file: OPERATION,
    edits: [
      {
        find: `  if (direction === 'undo') return 'the saga is going back already'
  return kind === 'retriable' ?`,
        replace: `  return direction === 'run' && kind === 'retriable' ?`,
      },
    ],
  },
  {
    name: 'cancel-withdraws-a-retriable',
    harm: 'a cancel after the point of no return leaves a paid order that is never completed',
    file: OPERATION,
    edits: [
      { find: `return kind === 'retriable' ? 'past the point of no return' : null`, replace: 'return null' },
    ],
  },
  {
    name: 'cancel-is-not-forwarded',
    harm: 'a cancel of a choreographed saga counts during its first step only',
    file: WITHDRAW,
    edits: [
      {
        find: 'picture.messages.push(withdrawOf({ saga, plan: work.plan, ask: action.ask }, cancel, work.issuedAt))',
        replace: '',
      },
    ],
  },
  {
    name: 'early-answer-never-passes-the-turn',
    harm: 'a choreographed saga that was cancelled before its first message came never ends',
    file: OPERATION,
    edits: [
      { find: `if (row.parked === NO_SLIP && work.slip !== null) return { do: 'pass on' }`, replace: '' },
    ],
  },
  {
    name: 'deferred-is-withdrawn-without-asking-its-rule',
    harm: 'a payment that is cancelled goes on waiting for money after its order is undone',
    file: OPERATION,
    edits: [{ find: `return { do: 'ask the rule' }`, replace: `return { do: 'withdraw' }` }],
  },
  {
    name: 'again-is-not-remembered',
    harm: 'each repair of a lost message is sent on as often as it is delivered, by everybody who passes it on',
    file: RUN,
    edits: [
      {
        find: `if (action.again > row.again) picture.putOperation({ ...row, again: action.again })`,
        replace: '',
      },
    ],
  },
  {
    name: 'repair-is-not-answered',
    harm: 'a choreographed saga whose event was lost cannot be repaired',
    file: OPERATION,
    edits: [
      { find: `if (work.again > row.again) return { do: 'answer again', again: work.again }`, replace: '' },
    ],
  },
  {
    name: 'undo-shares-the-budget-of-its-run',
    harm: 'an undo gives up when its tries are used up, and what it should undo stays done',
    file: FAULT,
    edits: [
      {
        find: `const certain = ask.direction === 'undo' || ask.kind === 'retriable'`,
        replace: `const certain = ask.kind === 'retriable'`,
      },
    ],
  },
  {
    name: 'tries-are-counted-for-all-together',
    harm: 'a step gives up at its first trouble, because others have had theirs',
    file: FAULT,
    edits: [
      { find: `const UNKNOWN_HERE: `, replace: `const counted = { tries: 0 }\nconst UNKNOWN_HERE: ` },
      {
        find: `  const attempt = work.attempt + 1
  const certain`,
        replace: `  const attempt = (counted.tries += 1)
  const certain`,
      },
    ],
  },
  {
    name: 'work-begins-after-its-deadline',
    harm: 'a seat is booked long after the time within which the plan wanted it',
    file: RUN,
    edits: [{ find: 'picture.now > ask.deadline', replace: 'picture.now > Number.POSITIVE_INFINITY' }],
  },
  {
    name: 'claim-is-not-released',
    harm: 'an e-mail address that was given back can never be taken again',
    file: RULES,
    edits: [{ find: 'for (const value of change.release ?? []) picture.release(value)', replace: '' }],
  },
  {
    name: 'claim-of-the-batch-does-not-count',
    harm: 'two users with one e-mail address are registered in one batch',
    file: PICTURE,
    edits: [
      {
        find: 'this.#claims.get(value) ?? (this.#claims.has(value) ? null : (this.loaded.claims.get(value) ?? null))',
        replace: 'this.loaded.claims.get(value) ?? null',
      },
    ],
  },
  {
    name: 'refusal-keeps-its-writes',
    harm: 'a handler that wrote and then refused leaves its writes behind',
    file: PERFORM,
    edits: [{ find: `if (said.status === 'rejected') throw new RejectedInside()`, replace: '' }],
  },
  {
    name: 'settle-touches-no-row',
    harm: 'a payment for an operation that was withdrawn is taken, and nobody is told that it came too late',
    file: 'packages/runtime/src/operator.ts',
    edits: [
      {
        find: `  if (row.status !== 'deferred') {
    throw`,
        replace: `  if (row.status !== 'deferred') return
  if (row.origin === null) {
    throw`,
      },
    ],
  },
  {
    name: 'supplied-outcome-forgets-the-cancel',
    harm: 'a cancel that waits for a call in doubt is forgotten when an operator tells how the call ended',
    file: WITHDRAW,
    edits: [{ find: 'work.cancel : (row?.wish ?? null)', replace: 'work.cancel : null' }],
  },
  {
    name: 'own-call-is-made-again',
    harm: 'a customer who did not hear the answer to a payment pays twice',
    file: OWN,
    edits: [
      {
        find: `  if (answered?.status === 'succeeded' || answered?.status === 'rejected') {`,
        replace: `  if (answered?.status === 'rejected') {`,
      },
    ],
  },
  {
    name: 'saga-deadline-is-not-set',
    harm: 'a choreographed saga with a deadline waits as long as it likes',
    file: WATCH,
    edits: [{ find: 'if (withinMs === null) return', replace: 'if (withinMs !== null) return' }],
  },
  {
    name: 'saga-deadline-is-lost-with-a-fault',
    harm: 'a choreographed saga whose first step throws once has no deadline any more',
    file: FAULT,
    edits: [{ find: '  watchSaga(shop, picture, work)\n', replace: '' }],
  },
  {
    name: 'horizon-is-never-looked-at',
    harm: 'an old command whose row was pruned is carried out a second time',
    file: 'packages/runtime/src/perform/load.ts',
    edits: [
      { find: '? await stores.registry.horizon(tx)', replace: '? 0 * (await stores.registry.horizon(tx))' },
    ],
  },
  {
    name: 'settlement-answers-nobody',
    harm: 'the customer has paid, and the saga that waits for it never hears of it',
    file: RULES,
    edits: [
      {
        find: 'for (const { pending, outcome } of settling) answer(shop, picture, pending, outcome)',
        replace: '',
      },
    ],
  },
  {
    name: 'followed-event-is-not-an-operation',
    harm: 'a subscriber counts an event as often as it is delivered',
    file: OWN,
    edits: [
      {
        find: `  picture.putOperation({ ...blankRow(operation), owner: handler.group.name, key: ran.key })`,
        replace: '',
      },
    ],
  },
  {
    name: 'parked-turn-is-never-passed',
    harm: 'a choreographed saga whose plan function threw stands still after the repaired program is deployed',
    file: ANSWER,
    edits: [{ find: '  picture.scheduled.push({ dueAt, message: timer })', replace: '' }],
  },
  {
    name: 'wish-is-forgotten-by-the-holder',
    harm: 'a cancel that came during a call is acknowledged and forgotten',
    file: 'packages/runtime/src/travel.ts',
    edits: [{ find: 'const state = withWish(slip.state, turn.wish)', replace: 'const { state } = slip' }],
  },
]
