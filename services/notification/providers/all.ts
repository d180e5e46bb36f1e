// Owns: the providers that are configured, in the order in which they are asked. A client is loaded when it is needed.
// I1: what a provider says is kept only without our secrets, should it repeat one.
import type { NotificationSettings } from '@ensemble/service'
import type { Provider } from './provider.ts'

export async function providersOf(settings: NotificationSettings): Promise<readonly Provider[]> {
  const { providers, timeoutMs, smsOrder, emailOrder } = settings
  const { infobip, wavecell, twilio, gosms, sendgrid, smtp, firebase } = providers
  const making = [
    infobip && (await import('./infobip.ts')).infobip(infobip, timeoutMs),
    wavecell && (await import('./wavecell.ts')).wavecell(wavecell, timeoutMs),
    twilio && (await import('./twilio.ts')).twilio(twilio, timeoutMs),
    gosms && (await import('./gosms.ts')).gosms(gosms, timeoutMs),
    sendgrid && (await import('./sendgrid.ts')).sendgrid(sendgrid, timeoutMs),
    smtp && (await import('./smtp.ts')).smtp(smtp, timeoutMs),
    firebase && (await import('./firebase.ts')).firebase(firebase, timeoutMs),
  ]
  const made = making.filter((provider) => provider !== undefined)
  const order: readonly string[] = [...smsOrder, ...emailOrder, 'firebase']
  const discreetOne = withDiscretion(secretsOf(settings))
  return made.map(discreetOne).toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
}

function withDiscretion(secrets: readonly string[]): (provider: Provider) => Provider {
  return (provider) => ({
    ...provider,
    send: async (message) => {
      const sent = await provider.send(message)
      if (sent.status === 'sent') return sent
      return { ...sent, reason: discreet(sent.reason, secrets) }
    },
  })
}

/** A token of one call is in no setting; it is known by the word before it. */
const CREDENTIAL = /\b(Bearer|Basic|App)\s+\S+/gi

function discreet(reason: string, secrets: readonly string[]): string {
  const bare = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), reason)
  return bare.replaceAll(CREDENTIAL, '$1 ***')
}

function secretsOf({ providers, reportSecret = '' }: NotificationSettings): readonly string[] {
  const { infobip, wavecell, twilio, gosms, sendgrid, smtp } = providers
  const password = smtp === undefined ? '' : decodeURIComponent(new URL(smtp.url).password)
  const tokens = [infobip?.apiKey, wavecell?.token, twilio?.token, sendgrid?.token, password, reportSecret]
  const all = [...tokens, ...Object.values(gosms?.headers ?? {})]
  return all.filter((secret): secret is string => secret !== undefined && secret !== '')
}
