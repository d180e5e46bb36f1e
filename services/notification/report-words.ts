// Owns: reading what providers report about an attempt: each in its own words. Pure.
// I1: only final words count; what says that a message is still under way says nothing.
import * as z from 'zod'

export const REPORTERS = ['infobip', 'wavecell', 'twilio', 'gosms', 'sendgrid'] as const
export type Reporter = (typeof REPORTERS)[number]

export interface Word {
  /** Null where the report names none: it is the attempt that its URL was made for. */
  readonly attempt: string | null
  readonly isDelivered: boolean
  readonly reason: string
}

/** What a provider says of an attempt at last; what it says in between is in neither list. */
interface Finals {
  readonly delivered: readonly string[]
  readonly failed: readonly string[]
}

const INFOBIP: Finals = { delivered: ['DELIVERED'], failed: ['REJECTED', 'UNDELIVERABLE', 'EXPIRED'] }
const TWILIO: Finals = { delivered: ['delivered', 'read'], failed: ['undelivered', 'failed', 'canceled'] }
const GOSMS: Finals = { delivered: ['delivered'], failed: ['failed', 'undelivered', 'rejected', 'expired'] }
const SENDGRID: Finals = { delivered: ['delivered'], failed: ['bounce', 'dropped', 'blocked'] }
const WAVECELL: Finals = {
  delivered: ['delivered', 'delivered to device', 'read'],
  failed: [
    'undelivered',
    'rejected',
    'failed',
    'expired',
    'rejected by carrier',
    'rejected by device',
    'rejected by wavecell',
    'rejected by 8x8',
  ],
}

const Infobip = z.object({
  results: z
    .array(
      z.object({
        callbackData: z.string(),
        status: z.object({ groupName: z.string(), name: z.string() }),
      }),
    )
    .min(1),
})
/** As 8x8 reports today, and as Wavecell did. */
const Wavecell = z.union([
  z
    .object({ payload: z.object({ clientMessageId: z.string(), status: z.object({ state: z.string() }) }) })
    .transform(({ payload: { clientMessageId, status } }) => ({ clientMessageId, status: status.state })),
  z.object({ clientMessageId: z.string(), status: z.string() }),
])
const Twilio = z.object({
  MessageSid: z.string(),
  MessageStatus: z.string(),
  ErrorCode: z.string().default(''),
})
const Gosms = z.object({ status: z.string() })
const Sendgrid = z
  .array(z.object({ event: z.string(), attempt: z.string().optional(), reason: z.string().optional() }))
  .min(1)

/** By provider; undefined when the body is no report of it. */
export const READERS: Readonly<Record<Reporter, (body: unknown) => readonly Word[] | undefined>> = {
  infobip: (body) =>
    Infobip.safeParse(body).data?.results.flatMap(({ callbackData: attempt, status }) =>
      final(INFOBIP, status.groupName, { attempt, reason: status.name }),
    ),
  wavecell: (body) => {
    const report = Wavecell.safeParse(body).data
    if (report === undefined) return undefined
    const { clientMessageId: attempt, status: reason } = report
    return final(WAVECELL, reason.toLowerCase(), { attempt, reason })
  },
  twilio: (body) => {
    const report = Twilio.safeParse(body).data
    if (report === undefined) return undefined
    const { MessageStatus: state, ErrorCode: code } = report
    return final(TWILIO, state, { attempt: null, reason: `${state} ${code}`.trim() })
  },
  gosms: (body) => {
    const reason = Gosms.safeParse(body).data?.status
    return reason === undefined ? undefined : final(GOSMS, reason.toLowerCase(), { attempt: null, reason })
  },
  sendgrid: (body) =>
    Sendgrid.safeParse(body).data?.flatMap(({ event, attempt, reason = event }) =>
      // Mail that this system did not send comes without an attempt.
      attempt === undefined ? [] : final(SENDGRID, event, { attempt, reason }),
    ),
}

function final(finals: Finals, state: string, about: Omit<Word, 'isDelivered'>): readonly Word[] {
  const isDelivered = finals.delivered.includes(state)
  return isDelivered || finals.failed.includes(state) ? [{ ...about, isDelivered }] : []
}
