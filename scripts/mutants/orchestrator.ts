// Owns: bugs of the orchestrator's rows (advance) and of whoever starts and cancels sagas.
import type { Mutant } from './mutant.ts'

const ACT = 'packages/runtime/src/act.ts'
const HEAR = 'packages/runtime/src/advance/hear.ts'
const LEDGER = 'packages/runtime/src/advance/ledger.ts'
const HOME = 'packages/runtime/src/home.ts'
const START = 'packages/runtime/src/start.ts'
const STARTER = 'packages/runtime/src/starter.ts'

export const orchestratorMutants: readonly Mutant[] = [
  {
    name: 'repeated-start-begins-again',
    harm: 'a start that is delivered twice makes the saga forget what it has done',
    file: HEAR,
    edits: [
      {
        find: `  if (row !== undefined && row.state !== null) {
    if (start.again > 0)`,
        replace: `  if (row !== undefined && row.state !== null && start.again > 0) {
    if (start.again > 0)`,
      },
    ],
  },
  {
    name: 'cancel-before-start-is-dropped',
    harm: 'a cancel that overtakes its start is acknowledged and lost',
    file: HEAR,
    edits: [{ find: `if (heard.type === 'cancel') keepCancel(ledger, { work, heard, row })`, replace: '' }],
  },
  {
    name: 'silence-is-answered-once',
    harm: 'a saga whose answer is lost twice waits for ever',
    file: HEAR,
    edits: [
      {
        find: `  setWatch(ledger, state.saga, Math.max(patience(office, state), ledger.now + office.overdueAfterMs))`,
        replace: '',
      },
    ],
  },
  {
    name: 'parked-plan-is-never-tried-again',
    harm: 'a saga whose plan function threw stands still after the repaired program is deployed',
    file: HEAR,
    edits: [
      {
        find: `      setAside(office, ledger, work, decision)
      return
    default:`,
        replace: `      return
    default:`,
      },
    ],
  },
  {
    name: 'batch-decides-on-old-state',
    harm: 'two answers in one batch are both decided on the state before the first',
    file: LEDGER,
    edits: [
      {
        find: `    this.#rows.set(key, row)
    this.#changed.add(key)`,
        replace: `    this.#later.set(key, row)
    this.#changed.add(key)`,
      },
      {
        find: `  readonly #changed = new Set<string>()`,
        replace: `  readonly #changed = new Set<string>()
  readonly #later = new Map<string, SagaRow>()`,
      },
      {
        find: `.flatMap((key) => this.#rows.get(key) ?? [])`,
        replace: `.flatMap((key) => this.#later.get(key) ?? [])`,
      },
    ],
  },
  {
    name: 'plan-version-is-ignored',
    harm: 'a saga goes on with the steps of a plan that was deployed after it had started',
    file: 'packages/runtime/src/plans.ts',
    edits: [
      { find: 'return `${name}@${version}`', replace: 'return version > 0 ? name : `${name}@${version}`' },
      { find: 'if (this.#plans.has(key)) {', replace: 'if (this.#plans.has(`${key}@${plan.version}`)) {' },
      { find: 'if (plan.fingerprint !== fingerprint) {', replace: `if (fingerprint === '') {` },
      { find: 'return plan?.fingerprint === fingerprint ? plan : null', replace: 'return plan ?? null' },
    ],
  },
  {
    name: 'repeated-start-is-refused',
    harm: 'a caller who did not hear the answer to a start is told that it failed, for ever',
    file: START,
    edits: [{ find: 'if (before !== undefined) return startedBefore(before, fingerprint)', replace: '' }],
  },
  {
    name: 'start-is-sent-after-its-row',
    harm: 'a start is acknowledged, its process dies, and the saga never begins',
    file: STARTER,
    edits: [
      {
        find: `rerun(() =>
          runner.run(() =>
            link.transaction((tx) => this.#store(tx, starting, { look, runner, onHome: tries.onHome() })),
          ),
        ),`,
        replace: `rerun(async () => {
          let later: readonly Message[] = []
          const value = await runner.run(() =>
            link.transaction(async (tx) => {
              const stored = await this.#store(tx, starting, { look, runner, onHome: tries.onHome() })
              later = stored.messages
              return { value: stored.value, messages: [] }
            }),
          )
          void link.transaction(async () => ({ value: null, messages: later })).catch(() => undefined)
          return value
        }),`,
      },
    ],
  },
  {
    name: 'cancel-goes-to-the-orchestrator-only',
    harm: 'a cancel of a choreographed saga is acknowledged and heard by nobody',
    file: START,
    edits: [
      {
        find: `  if (row.saga.pattern === 'orchestration' || start?.type !== 'start' || start.slip === null)
    return cancelOf`,
        replace: `  if (start?.type !== 'start' || start.slip === null || start.plan !== null)
    return cancelOf`,
      },
    ],
  },
  {
    name: 'stale-row-is-believed',
    harm: 'a message is ignored for what a remembered row says, although another instance has changed it: it is lost',
    file: 'packages/runtime/src/advance/recollection.ts',
    edits: [
      {
        find: `const believed = rows.filter((row) => recalled.has(row))`,
        replace: `const believed = rows.filter((row) => row.version < 0 && recalled.has(row))`,
      },
    ],
  },
  {
    name: 'own-end-is-not-stored',
    harm: 'an end is marked as handled, and whoever has started its saga never hears of it',
    file: HOME,
    edits: [{ find: `    turn.ends.push(...deed.ends)\n`, replace: '' }],
  },
  {
    name: 'own-answer-is-not-decided-on',
    harm: 'an answer is marked as handled, and its saga waits',
    file: HOME,
    edits: [{ find: `    turn.advances.push(...deed.advances)\n`, replace: '' }],
  },
  {
    name: 'own-answer-is-kept-from-who-follows-it',
    harm: 'an event that somebody at home follows is marked as followed, and nobody follows it',
    file: HOME,
    edits: [
      {
        find: `    turn.works.push(...deed.works)\n`,
        replace: `    turn.works.push(...deed.works.filter((work) => work.do !== 'follow'))\n`,
      },
    ],
  },
  {
    name: 'own-command-is-not-done',
    harm: 'what is asked of a service at home is marked as handled, and nobody does it',
    file: HOME,
    edits: [{ find: `    turn.works.push(...deed.works)\n`, replace: '' }],
  },
  {
    name: 'own-begin-is-not-decided-on',
    harm: 'a start is marked as handled by the orchestrator at home, and its saga never begins',
    file: HOME,
    edits: [{ find: `    turn.begins.push(...deed.begins)\n`, replace: '' }],
  },
  {
    name: 'own-turn-is-marked-though-it-was-not-taken',
    harm: 'what is left to the bus (SQL, rows that others hold) is marked as handled, and nobody does it',
    file: HOME,
    edits: [
      {
        find: `        if (!this.#takes(runner, member, { turn, deed: deedOf(member, message, isHandling) })) continue
        turns.set(member, turn)
        mark(message, member, isHandling)`,
        replace: `        mark(message, member, isHandling)
        if (!this.#takes(runner, member, { turn, deed: deedOf(member, message, isHandling) })) continue
        turns.set(member, turn)`,
      },
    ],
  },
  {
    name: 'saga-of-another-at-home-is-not-stored',
    harm: 'what an orchestrator at home has decided is sent, and its saga knows nothing of it',
    file: ACT,
    edits: [{ find: 'for (const actor of actors.values())', replace: 'for (const actor of [actorOf(own)])' }],
  },
  {
    name: 'last-round-is-marked-and-not-done',
    harm: 'what is left to the bus because a transaction has a bound is marked as handled: a long saga waits',
    file: ACT,
    edits: [
      {
        find: `      more.push(...signed(await actorOf(member).turn(turn), member, own))`,
        replace: `      if (round < 4) more.push(...signed(await actorOf(member).turn(turn), member, own))`,
      },
    ],
  },
]
