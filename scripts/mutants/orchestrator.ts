// Owns: bugs of the orchestrator's rows (advance) and of whoever starts and cancels sagas.
import type { Mutant } from './mutant.ts'

const HEAR = 'packages/runtime/src/advance/hear.ts'
const LEDGER = 'packages/runtime/src/advance/ledger.ts'
const LOCAL = 'packages/runtime/src/local.ts'
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
        find: `      await rerun(() => link.transaction((tx) => this.#store(tx, starting, tries)))`,
        replace: `      await rerun(async () => {
        let later: readonly Message[] = []
        const value = await link.transaction(async (tx) => {
          const stored = await this.#store(tx, starting, tries)
          later = stored.messages
          return { value: stored.value, messages: [] }
        })
        void link.transaction(async () => ({ value: null, messages: later })).catch(() => undefined)
        return value
      })`,
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
    harm: 'the starter never hears of the end that it has decided itself',
    file: LOCAL,
    edits: [{ find: `        this.ends.push({ saga: message.saga, ...plain(message.end) })\n`, replace: '' }],
  },
  {
    name: 'own-answer-is-not-decided-on',
    harm: 'an answer of the own service is marked as handled, and its saga waits',
    file: LOCAL,
    edits: [{ find: `    this.advances.push(...works)\n`, replace: '' }],
  },
  {
    name: 'own-answer-is-kept-from-who-follows-it',
    harm: 'an answer that its own service follows is marked as handled and never followed',
    file: LOCAL,
    edits: [
      {
        find: `    return 'name' in message && service.follows.has(message.name)`,
        replace: `    return 'name' in message && service.name === message.name`,
      },
    ],
  },
  {
    name: 'own-command-is-not-done',
    harm: 'a command to the own service is marked as handled, and nobody does it',
    file: 'packages/runtime/src/act.ts',
    edits: [
      {
        find: `  const asked = [...works, ...home.asked(sent), ...home.asked(decided)]`,
        replace: `  const asked = [...works, ...home.asked(sent)]
  home.asked(decided)`,
      },
    ],
  },
  {
    name: 'own-turn-is-marked-though-it-was-not-taken',
    harm: 'a turn that needs another row is marked as handled, and nobody takes it',
    file: 'packages/runtime/src/perform/perform.ts',
    edits: [
      {
        find: `      if (!needsOnly(locked, work) || !isDecided(picture, work, options)) continue
      turns.mark(message)`,
        replace: `      turns.mark(message)
      if (!needsOnly(locked, work) || !isDecided(picture, work, options)) continue`,
      },
    ],
  },
]
