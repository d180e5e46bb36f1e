// Owns: which verb of the engine makes a call, read off the stack: files and functions of packages/runtime/src.
// I1: the innermost frame that belongs to a verb decides; shared helpers (perform/store.ts, shell/race.ts) belong to
// none, so what effects, operators and the orchestrator write through them is theirs.

export type Verb =
  | 'connect'
  | 'start'
  | 'cancel'
  | 'status'
  | 'execute'
  | 'receive'
  | 'dispatch'
  | 'count'
  | 'perform'
  | 'advance'
  | 'effect-take'
  | 'effect'
  | 'wake'
  | 'prune'
  | 'operator'

interface Place {
  readonly file: RegExp
  /** Of the function; any when left out. */
  readonly name?: RegExp
  readonly verb: Verb
}

const PLACES: readonly Place[] = [
  { file: /^effects$/, name: /#takeDue/, verb: 'effect-take' },
  { file: /^effects$/, verb: 'effect' },
  { file: /^wake$/, verb: 'wake' },
  { file: /^receive$/, name: /#count$/, verb: 'count' },
  { file: /^receive$/, verb: 'receive' },
  { file: /^dispatch$/, verb: 'dispatch' },
  { file: /^perform\/execute$/, verb: 'execute' },
  { file: /^perform\/(?!store$)/, verb: 'perform' },
  { file: /^advance\//, verb: 'advance' },
  { file: /^operator$/, verb: 'operator' },
  { file: /^starter$/, name: /\.cancel(?:In)?$/, verb: 'cancel' },
  { file: /^starter$/, name: /#statuses$/, verb: 'status' },
  { file: /^start(?:er)?$/, verb: 'start' },
  { file: /^shell\/prune$/, verb: 'prune' },
  { file: /^shell\/check$/, verb: 'connect' },
  { file: /^host$/, name: /createHost$/, verb: 'connect' },
]

const ENGINE = 'packages/runtime/src/'
const FRAME = /^\s+at (?:async )?(?:([^\s(]+)[^(]*\()?[^(]*packages\/runtime\/src\/([\w/-]+)\.ts:/

/** Null where no frame of the stack belongs to a verb. */
export function verbIn(stack: string): Verb | null {
  for (const line of stack.split('\n')) {
    if (!line.includes(ENGINE)) continue
    const [, name = '', file = ''] = FRAME.exec(line) ?? []
    const place = PLACES.find((one) => one.file.test(file) && (one.name?.test(name) ?? true))
    if (place !== undefined) return place.verb
  }
  return null
}
