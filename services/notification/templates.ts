// Owns: the words that customers get: per template its channel, subject and text. Pure. Plain text, one language.
// I1: a value that is missing shows as nothing, and never stops a message.
import type { NotificationTemplate, OrderNotPlaced } from '@ensemble/service-contracts'
import type { Channel } from './address.ts'

type Data = Readonly<Record<string, string>>

interface Template {
  readonly channel: Extract<Channel, 'sms' | 'email'>
  readonly subject: (data: Data) => string
  readonly text: (data: Data) => string
}

const TEMPLATES: Readonly<Record<NotificationTemplate, Template>> = {
  welcome: {
    channel: 'email',
    subject: () => 'Welcome',
    text: (data) =>
      lines(greeting(data), 'Your account is ready.', `Your public name is ${of(data, 'site_profil')}.`),
  },
  'order-completed': {
    channel: 'email',
    subject: (data) => `Order ${of(data, 'order_number')} is complete`,
    text: (data) =>
      lines(
        greeting(data),
        `Your order ${of(data, 'order_number')} is paid and complete: ${of(data, 'payment_order')}.`,
        isZero(data['change_total'])
          ? ''
          : `You paid more than was due; your change is ${of(data, 'change_total')}.`,
      ),
  },
  'order-failed': {
    channel: 'email',
    subject: (data) => `Order ${of(data, 'order_number')} was not placed`,
    text: (data) =>
      lines(greeting(data), `Your order ${of(data, 'order_number')} was not placed: ${of(data, 'reason')}.`),
  },
  'payment-due-soon': {
    channel: 'sms',
    subject: () => '',
    text: (data) =>
      `Your payment for order ${of(data, 'uuid_order')} is due by ${of(data, 'due_date')}: ${of(data, 'left')}.`,
  },
  'payment-refunded': {
    channel: 'email',
    subject: () => 'Your money is on its way back',
    text: (data) =>
      lines(
        greeting(data),
        `We return ${of(data, 'amount')} for order ${of(data, 'uuid_order')}, whose payment ${of(data, 'reason')}.`,
      ),
  },
}

export interface Written {
  readonly channel: Channel
  readonly subject: string
  readonly text: string
}

export function channelOf(template: NotificationTemplate): Channel {
  return TEMPLATES[template].channel
}

export function write(template: NotificationTemplate, data: Data): Written {
  const { channel, subject, text } = TEMPLATES[template]
  return { channel, subject: subject(data), text: text(data) }
}

const REASONS: Readonly<Record<string, string>> = {
  duplicate_number: 'you have another order with this number',
  unknown_type: 'its type is not known',
  unknown_status: 'its status is not known',
  unknown_user: 'the customer is not known',
  unknown_model: 'its way of payment is not known',
  amount_required: 'this way of payment needs an amount',
  over_limit: 'it would exceed your Pay Later limit',
  expired: 'it was not paid in time',
  cancelled: 'it was cancelled',
}

/** Why an order was not placed, in a customer's words. */
export function reasonOf({ status, reason }: OrderNotPlaced['because']): string {
  if (status === 'cancelled') return 'it was cancelled'
  return REASONS[reason] ?? 'it could not be processed'
}

function greeting(data: Data): string {
  return `Hello ${of(data, 'first_name')},`.replace(' ,', ',')
}

function of(data: Data, name: string): string {
  return data[name] ?? ''
}

function isZero(amount: string | undefined): boolean {
  return amount === undefined || amount === '' || amount === '0'
}

function lines(...given: readonly string[]): string {
  return given.filter((line) => line !== '').join('\n')
}
