// Owns: the providers that are configured, in the order in which they are asked. A client is loaded when it is needed.
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
  return made.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name))
}
