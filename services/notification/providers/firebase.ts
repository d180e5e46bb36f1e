// Owns: push messages by Firebase (FCM HTTP v1), with a token of the service account. There are no delivery reports.
import type { ProviderSettings } from '@ensemble/service'
import { JWT } from 'google-auth-library'
import * as z from 'zod'
import type { Sent } from '../delivery.ts'
import { MALFORMED, sentOf, type Provider } from './provider.ts'
import { postJson } from './post-json.ts'

const URL_DEFAULT = 'https://fcm.googleapis.com'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'

const Taken = z.object({ name: z.string() })

export function firebase(
  { account, url = URL_DEFAULT, tokenUrl }: NonNullable<ProviderSettings['firebase']>,
  timeoutMs: number,
): Provider {
  const client = new JWT({
    email: account.client_email,
    key: account.private_key,
    scopes: [SCOPE],
    transporterOptions: {
      timeout: timeoutMs,
      retry: false,
      // The library knows one address for tokens only; a test or a proxy has another.
      ...(tokenUrl !== undefined && {
        fetchImplementation: async (_url: unknown, init?: RequestInit) => await fetch(tokenUrl, init),
      }),
    },
  })
  const project = encodeURIComponent(account.project_id)
  return {
    name: 'firebase',
    channel: 'push',
    isKeyed: false,
    rendersTemplates: false,
    send: async ({ address, subject, text }) => {
      const token = await tokenOf(client)
      if (token === undefined) return NO_TOKEN
      const title = subject === '' ? {} : { title: subject }
      const body = { message: { token: address, notification: { ...title, body: text } } }
      const headers = { authorization: `Bearer ${token}` }
      return await postJson(
        { url: `${url}/v1/projects/${project}/messages:send`, headers, body, timeoutMs },
        (status, answer) => {
          if (status !== 200) return sentOf(status, answer)
          const taken = Taken.safeParse(answer).data
          return taken === undefined ? MALFORMED : { status: 'sent', reference: taken.name }
        },
      )
    },
  }
}

const NO_TOKEN: Sent = { status: 'failed', reason: 'there was no token for the service account' }

/** Kept by the client until it expires. */
async function tokenOf(client: JWT): Promise<string | undefined> {
  try {
    return (await client.getAccessToken()).token ?? undefined
  } catch {
    return undefined
  }
}
