// Owns: drawing a run as a Mermaid sequence diagram: who sent what to whom, in the order it was taken, with what went
// wrong as notes. Pure.
// I1: an arrow ends at the service that acts on the message; who only reads it is left out.
// I2: at most ARROWS_MAX arrows; the rest is counted in a note.
import type { Message } from '@ensemble/core'
import type { Moment } from './trace.ts'
import { addressee, sagaOf, short } from './words.ts'

const ARROWS_MAX = 200
const CUSTOMER = 'customer'
/** What a process tells of itself, and faults that nobody tells of; those are left out that happen all the time. */
const TROUBLE = /^(?:crash |host lost|paused|goes on|clock jumps|FAULT )/
const TOLD_ANYWAY = /^FAULT (?:crash|host lost|pause|clock jump|poison|news lost|slow statement)/

export function sequenceDiagram(moments: readonly Moment[]): string {
  const drawing = new Drawing(moments)
  for (const moment of moments) drawing.add(moment)
  return drawing.text
}

class Drawing {
  readonly #lines: string[] = []
  readonly #services = new Set<string>()
  readonly #senders = new Map<string, string>()
  /** Who took a message first, by message and service. */
  readonly #takers = new Map<string, string>()
  readonly #hasOnePlan: boolean
  #leftOut = 0

  constructor(moments: readonly Moment[]) {
    const plans = moments.flatMap((moment) =>
      'message' in moment ? [sagaOf(moment.message)?.plan].filter((plan) => plan !== undefined) : [],
    )
    this.#hasOnePlan = new Set(plans).size <= 1
  }

  get text(): string {
    const [first = CUSTOMER] = this.#services
    const more = this.#leftOut === 0 ? [] : [`  Note over ${first}: ${this.#leftOut} more are left out`]
    const services = [...this.#services].map((service) => `  participant ${service}`)
    return ['sequenceDiagram', `  actor ${CUSTOMER}`, ...services, ...this.#lines, ...more].join('\n')
  }

  add(moment: Moment): void {
    switch (moment.type) {
      case 'called':
        this.#arrow(CUSTOMER, serviceOf(moment.who), moment.name)
        break
      case 'sent':
        this.#senders.set(moment.message.id, serviceOf(moment.who))
        break
      case 'took':
        this.#took(moment.who, moment.message)
        break
      case 'told':
        this.#told(moment.who, moment.what)
        break
      default:
        moment satisfies never
    }
  }

  #took(process: string, message: Message): void {
    const service = serviceOf(process)
    const sender = this.#senders.get(message.id)
    // Of what is for one service only that one's trace tells.
    if (sender === undefined || addressee(message) === null) return
    const key = `${service} ${message.id}`
    const taker = this.#takers.get(key)
    // A batch that is counted is taken twice by the same process.
    if (taker === process) return
    this.#takers.set(key, process)
    const saga = sagaOf(message)
    const about = saga === null ? '' : ` [${this.#hasOnePlan ? saga.id : `${saga.plan}/${saga.id}`}]`
    const text = `${short(message)}${about}`
    if (taker === undefined) this.#arrow(sender, service, text)
    else this.#arrow(sender, service, `${text}, again`, '-->>')
  }

  #told(who: string, what: string): void {
    if (!TROUBLE.test(what) || TOLD_ANYWAY.test(what)) return
    const text = plain(what.replace(/^FAULT /, ''))
    const service = serviceOf(who)
    if (service === who) {
      this.#draw(`  Note over ${CUSTOMER}: ${plain(who)}: ${text}`)
      return
    }
    this.#services.add(service)
    this.#draw(`  Note over ${service}: ${text}`)
  }

  #arrow(from: string, to: string, text: string, line = '->>'): void {
    for (const service of [from, to]) if (service !== CUSTOMER) this.#services.add(service)
    this.#draw(`  ${from}${line}${to}: ${plain(text)}`)
  }

  #draw(line: string): void {
    if (this.#lines.length < ARROWS_MAX) this.#lines.push(line)
    else this.#leftOut += 1
  }
}

function serviceOf(process: string): string {
  return process.replace(/#\d+$/, '')
}

/** Mermaid reads `;` and `#` as its own. */
function plain(text: string): string {
  return text.replaceAll(/[;#\n]/g, ' ')
}
