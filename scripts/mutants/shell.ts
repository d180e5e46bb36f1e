// Owns: bugs of the durable shell: batches, the outbox, timers, positions, poison, plan versions, forgetting.
import type { Mutant } from './mutant.ts'

const RELAY = 'packages/runtime/src/relay.ts'
const RECEIVE = 'packages/runtime/src/receive.ts'
const DISPATCH = 'packages/runtime/src/dispatch.ts'

export const shellMutants: readonly Mutant[] = [
  {
    name: 'position-moves-before-the-commit',
    harm: 'what a process was handling when it died is never handled',
    file: RELAY,
    edits: [
      {
        find: `    try {
      await this.transaction(async (tx) => ({`,
        replace: `    try {
      await delivery.done()
      await this.transaction(async (tx) => ({`,
      },
    ],
  },
  {
    name: 'failed-batch-is-put-away',
    harm: 'messages of a batch that failed are never handled',
    file: RELAY,
    edits: [{ find: 'await delivery.release()', replace: 'await delivery.done()' }],
  },
  {
    name: 'lone-message-is-not-observed',
    harm: 'history has a gap that nobody fills',
    file: DISPATCH,
    edits: [
      {
        find: 'if (observer !== null && sorted.observed.length > 0) {',
        replace: 'if (observer !== null && sorted.observed.length > 1) {',
      },
    ],
  },
  {
    name: 'sent-before-the-commit',
    harm: 'others hear of what was rolled back',
    file: RELAY,
    edits: [
      {
        find: `        left = this.#keep(tx, done.messages)`,
        replace: `        if (done.messages.length > 0) await this.#parts.transport.send(done.messages)`,
      },
      {
        find: `    await this.#send(left)\n    return value`,
        replace: `    return value`,
      },
      { find: `    let left: Left | null = null\n`, replace: '' },
    ],
  },
  {
    name: 'outbox-row-goes-before-it-is-sent',
    harm: 'what could not be sent is lost',
    file: RELAY,
    edits: [
      {
        find: `      await transport.send(left.messages)
      this.#sent = [...this.#sent, left.id]`,
        replace: `      this.#sent = [...this.#sent, left.id]
      await transport.send(left.messages)`,
      },
    ],
  },
  {
    name: 'nobody-sweeps-the-outbox',
    harm: 'what a process had not sent when it died is never sent',
    file: RELAY,
    edits: [
      {
        find: `    if (rows.length === 0) return 0
    for (const some`,
        replace: `    if (rows.length >= 0) return 0
    for (const some`,
      },
    ],
  },
  {
    name: 'due-timer-is-taken-before-it-is-sent',
    harm: 'a timer that was due when its process died is lost',
    file: 'packages/runtime/src/wake.ts',
    edits: [
      {
        find: `  const count = await link.transaction(async (tx) => {
    const messages = await scheduled.takeDue(tx, WAKE_COUNT_MAX)
    return { value: messages.length, messages }
  })`,
        replace: `  const messages = await database.transaction((tx) => scheduled.takeDue(tx, WAKE_COUNT_MAX))
  const count = await link.transaction(async () => ({ value: messages.length, messages }))`,
      },
    ],
  },
  {
    name: 'pruned-without-a-horizon',
    harm: 'what was forgotten is done again when an old message comes back',
    file: 'packages/runtime/src/shell/prune.ts',
    edits: [
      {
        find: 'await registry.moveHorizon(tx, tx.now - operationRetentionMs + HORIZON_LEAD_MS)',
        replace: 'await registry.moveHorizon(tx, 0 * HORIZON_LEAD_MS)',
      },
    ],
  },
  {
    name: 'lost-race-is-a-failure',
    harm: 'of two messages that meet at one row one is put away as a dead letter',
    file: 'packages/runtime/src/shell/race.ts',
    edits: [
      {
        find: `new Set(['SERIALIZATION', 'DEADLOCK', 'UNIQUE', 'MOVED'])`,
        replace: `new Set(['SERIALIZATION'])`,
      },
    ],
  },
  {
    name: 'lost-connection-blames-the-messages',
    harm: 'while the database is away messages are put away as dead letters',
    file: RECEIVE,
    edits: [
      {
        find: `new Set(['CONNECTION', 'TIMEOUT', 'COMMIT_UNKNOWN'])`,
        replace: `new Set(['CONNECTION', 'TIMEOUT'])`,
      },
    ],
  },
  {
    name: 'retries-mean-nothing',
    harm: 'what is set aside to be tried again is passed over unread when it is due: it is lost',
    file: DISPATCH,
    edits: [
      {
        find: `export function concernOf(message: Message, options: BatchOptions): 'concerned' | 'observed' | null {`,
        replace: `export function concernOf(message: Message, options: BatchOptions): 'concerned' | 'observed' | null {
  if (message.type === 'retry') return null`,
      },
    ],
  },
  {
    name: 'buried-run-is-not-answered',
    harm: 'a saga waits for ever for a run that was put away as a dead letter',
    file: DISPATCH,
    edits: [
      {
        find: `(work) => work.do === 'run' || work.do === 'withdraw')`,
        replace: `(work) => work.do === 'withdraw')`,
      },
    ],
  },
  {
    name: 'burial-asks-the-handler',
    harm: 'what kills its worker when it is asked for a key cannot be put away: it kills for ever',
    file: 'packages/runtime/src/perform/perform.ts',
    edits: [
      {
        find: `refuseRun(picture, shop, { work: { ...work, input: UNREAD }, refuse })`,
        replace: `refuseRun(picture, shop, { work, refuse })`,
      },
    ],
  },
  {
    name: 'burial-overwrites-the-answer',
    harm: 'a repeated message that kills its worker makes a finished operation a failed one',
    file: 'packages/runtime/src/perform/perform.ts',
    edits: [
      {
        find: `if (onRun(picture.operation(work.ask.operation), work).do !== 'handle') {`,
        replace: `if (onRun(picture.operation(work.ask.operation), work).do === 'pass on') {`,
      },
    ],
  },
  {
    name: 'deaths-are-not-counted',
    harm: 'a message that kills its worker kills it for ever, and everything behind it waits',
    file: RECEIVE,
    edits: [
      {
        find: 'this.#tries.set(partition, { position, tries })',
        replace: 'this.#tries.set(partition, { position, tries: Math.min(tries, 1) })',
      },
    ],
  },
  {
    name: 'burial-forgets-the-horizon',
    harm: 'a run that is too old is kept when it is buried, and done a second time',
    file: 'packages/runtime/src/perform/perform.ts',
    edits: [
      {
        find: 'if (isTooOld(picture, work)) {',
        replace: 'if (!isTooOld(picture, work) && work.ask.issuedAt < 0) {',
      },
    ],
  },
]
