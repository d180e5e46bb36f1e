// Owns: one call to a provider: the next attempt is stored, the call is made, what it said is stored. The engine asks
// for it as an effect, again and again until it is settled.
// Does not own: which attempt comes and what an answer means (delivery.ts).
// I1: no call without its attempt in the table; what is asked here again finds it there, whoever died in between.
// I2: a fault of ours before the call is `NotDone`; after it the attempt stays CALLING, which is a doubt.
import { succeeded, type Succeeded } from '@ensemble/core'
import { NotDone, type Clock, type EffectCall } from '@ensemble/runtime'
import type { NotificationSettings } from '@ensemble/service'
import type { Circuits } from './circuit.ts'
import { answered, attemptId, isUnderWay, nextStep, type Sent, type Step } from './delivery.ts'
import type { Message } from './message.ts'
import type { Outbox } from './notification-store.ts'
import type { Outgoing, Provider } from './providers/provider.ts'
import { reportUrlOf, type ReportTerms } from './report-proof.ts'
import { isForeign, routeOf } from './routing.ts'

export interface Postman {
  readonly outbox: Pick<Outbox, 'change'>
  /** In the order in which they are asked. */
  readonly providers: readonly Provider[]
  readonly settings: NotificationSettings
  readonly circuits: Circuits
  readonly clock: Pick<Clock, 'now'>
}

interface Asked {
  readonly messageId: string
  readonly round: number
}
type Settled = Succeeded<{ messageId: string; status: string }>

/** Errors: NotDone when the message is to be tried again later. */
export function deliver(postman: Postman): (call: EffectCall<Asked>) => Promise<Settled> {
  return async ({ input: { messageId, round } }) => {
    const step = await begin(postman, { messageId, round })
    if (step === undefined) return succeeded({ messageId, status: 'UNDELIVERABLE' })
    if (step.do === 'end') return succeeded({ messageId, status: step.message.status })
    if (step.do === 'wait') throw new NotDone(step.reason)
    const { provider: name, attempt } = step
    const sent = await call(postman, step)
    const { keyed, settings } = known(postman)
    const after = await postman.outbox.change(messageId, (message, now) => {
      const next = answered(message, { attempt, sent, inDoubt: settings.inDoubt, keyed, now })
      return { message: next, value: next }
    })
    if (after !== undefined && isUnderWay(after)) throw new NotDone(`${name}: ${wordsOf(sent)}`)
    return succeeded({ messageId, status: after?.status ?? 'UNDELIVERABLE' })
  }
}

/** What another round, or an answer of before, has settled is left alone. Undefined when the message is gone. */
async function begin(postman: Postman, { messageId, round }: Asked): Promise<Step | undefined> {
  const { keyed, settings } = known(postman)
  try {
    return await postman.outbox.change(messageId, (message, now) => {
      if (message.round !== round) return { message, value: { do: 'end', message } satisfies Step }
      const step = nextStep(message, {
        route: routeOf(message, postman.providers, settings.smsRoutes),
        resting: postman.circuits.resting(postman.clock.now()),
        keyed,
        attemptsMax: settings.attemptsMax,
        inDoubt: settings.inDoubt,
        now,
      })
      return { message: step.message, value: step }
    })
  } catch (error) {
    throw new NotDone('the message could not be read', { cause: error })
  }
}

async function call(
  { providers, settings, circuits, clock }: Postman,
  { provider: name, message, attempt }: Extract<Step, { do: 'call' }>,
): Promise<Sent> {
  const provider = providers.find((one) => one.name === name)
  if (provider === undefined) return { status: 'failed', reason: 'no longer configured' }
  circuits.enter(name, clock.now())
  const sent = await provider.send(outgoing(message, { provider, attempt, settings }))
  circuits.end(name, sent.status === 'sent' || sent.status === 'rejected', clock.now())
  return sent
}

function outgoing(
  message: Message,
  of: { readonly provider: Provider; readonly attempt: number; readonly settings: NotificationSettings },
): Outgoing {
  const { address, subject, text, template, details } = message
  const { provider, settings } = of
  const attempt = attemptId(message, of.attempt)
  const ours = settings.providers.sendgrid?.templates?.[`${template}.${details.language}`] ?? null
  const terms = reportTerms(settings)
  return {
    attempt,
    address: address ?? '',
    subject,
    text,
    template: isForeign(message) ? template : ours,
    data: details.data,
    sender: details.sender,
    isOtp: details.isOtp,
    reportUrl: terms === undefined ? null : reportUrlOf(terms, { provider: provider.name, attempt }),
  }
}

/** Undefined where nobody is asked for reports. */
function reportTerms({ publicUrl, reportSecret: secret }: NotificationSettings): ReportTerms | undefined {
  return publicUrl === undefined || secret === undefined ? undefined : { publicUrl, secret }
}

function known({ providers, settings }: Postman) {
  const keyed = new Set(providers.filter(({ isKeyed }) => isKeyed).map(({ name }) => name))
  return { keyed, settings }
}

function wordsOf(sent: Sent): string {
  return sent.status === 'sent' ? 'sent' : `${sent.status}, ${sent.reason}`
}
