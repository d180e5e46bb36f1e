// Owns: the words that customers get: per template its channel, per language its subject and text. Pure, plain text.
// I1: a value that is missing shows as nothing, and never stops a message.
// I2: every template has every language: the compiler refuses one that has not.
import type { NotificationSettings } from '@ensemble/service'
import { NotificationTemplate, type OrderNotPlaced, type PaymentRefunded } from '@ensemble/service-contracts'
import type { Channel } from './address.ts'

export type Language = NotificationSettings['language']
export const LANGUAGES: readonly Language[] = ['en', 'id']

type Data = Readonly<Record<string, string>>

interface Words {
  readonly subject: (data: Data) => string
  readonly text: (data: Data) => string
}

type Template = { readonly channel: Extract<Channel, 'sms' | 'email'> } & Readonly<Record<Language, Words>>

const TEMPLATES: Readonly<Record<NotificationTemplate, Template>> = {
  welcome: {
    channel: 'email',
    en: {
      subject: () => 'Welcome',
      text: (data) =>
        lines(
          greeting('Hello', data),
          'Your account is ready.',
          `Your public name is ${of(data, 'site_profil')}.`,
        ),
    },
    id: {
      subject: () => 'Selamat datang',
      text: (data) =>
        lines(
          greeting('Halo', data),
          'Akun Anda sudah siap.',
          `Nama publik Anda ${of(data, 'site_profil')}.`,
        ),
    },
  },
  'order-completed': {
    channel: 'email',
    en: {
      subject: (data) => `Order ${of(data, 'order_number')} is complete`,
      text: (data) =>
        lines(
          greeting('Hello', data),
          `Your order ${of(data, 'order_number')} is paid and complete: ${of(data, 'payment_order')}.`,
          isZero(data['change_total'])
            ? ''
            : `You paid more than was due; your change is ${of(data, 'change_total')}.`,
        ),
    },
    id: {
      subject: (data) => `Pesanan ${of(data, 'order_number')} selesai`,
      text: (data) =>
        lines(
          greeting('Halo', data),
          `Pesanan ${of(data, 'order_number')} sudah dibayar dan selesai: ${of(data, 'payment_order')}.`,
          isZero(data['change_total'])
            ? ''
            : `Pembayaran Anda lebih dari tagihan; kembaliannya ${of(data, 'change_total')}.`,
        ),
    },
  },
  'order-failed': {
    channel: 'email',
    en: {
      subject: (data) => `Order ${of(data, 'order_number')} was not placed`,
      text: (data) =>
        lines(
          greeting('Hello', data),
          `Your order ${of(data, 'order_number')} was not placed: ${of(data, 'reason')}.`,
        ),
    },
    id: {
      subject: (data) => `Pesanan ${of(data, 'order_number')} tidak dibuat`,
      text: (data) =>
        lines(
          greeting('Halo', data),
          `Pesanan ${of(data, 'order_number')} tidak dibuat: ${of(data, 'reason')}.`,
        ),
    },
  },
  'payment-due-soon': {
    channel: 'sms',
    en: {
      subject: () => '',
      text: (data) =>
        `Your payment for order ${of(data, 'uuid_order')} is due by ${of(data, 'due_date')}: ${of(data, 'left')}.`,
    },
    id: {
      subject: () => '',
      text: (data) =>
        `Pembayaran pesanan ${of(data, 'uuid_order')} jatuh tempo ${of(data, 'due_date')}: ${of(data, 'left')}.`,
    },
  },
  'payment-refunded': {
    channel: 'email',
    en: {
      subject: () => 'Your money is on its way back',
      text: (data) =>
        lines(
          greeting('Hello', data),
          `We return ${of(data, 'amount')} for order ${of(data, 'uuid_order')}, whose payment ${of(data, 'reason')}.`,
        ),
    },
    id: {
      subject: () => 'Uang Anda dikembalikan',
      text: (data) =>
        lines(
          greeting('Halo', data),
          `Kami mengembalikan ${of(data, 'amount')} untuk pesanan ${of(data, 'uuid_order')}: ${of(data, 'reason')}.`,
        ),
    },
  },
}

export interface Written {
  readonly channel: Channel
  readonly subject: string
  readonly text: string
}

export function write(
  template: NotificationTemplate,
  { language, data }: { readonly language: Language; readonly data: Data },
): Written {
  const { channel, [language]: words } = TEMPLATES[template]
  return { channel, subject: words.subject(data), text: words.text(data) }
}

/** Whether this service has the words; a template of another name is a provider's. */
export function isOwn(template: string): template is NotificationTemplate {
  return NotificationTemplate.options.some((name) => name === template)
}

/** The language that a message's data names, where there is such a one. */
export function languageOf(data: Data, otherwise: Language): Language {
  return LANGUAGES.find((language) => language === data['language']) ?? otherwise
}

const REASONS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  duplicate_number: {
    en: 'you have another order with this number',
    id: 'Anda punya pesanan lain dengan nomor ini',
  },
  unknown_type: { en: 'its type is not known', id: 'jenisnya tidak dikenal' },
  unknown_status: { en: 'its status is not known', id: 'statusnya tidak dikenal' },
  unknown_user: { en: 'the customer is not known', id: 'pelanggan tidak dikenal' },
  unknown_model: { en: 'its way of payment is not known', id: 'cara bayarnya tidak dikenal' },
  amount_required: { en: 'this way of payment needs an amount', id: 'cara bayar ini butuh jumlah' },
  over_limit: { en: 'it would exceed your Pay Later limit', id: 'melebihi batas Pay Later Anda' },
  expired: { en: 'it was not paid in time', id: 'tidak dibayar tepat waktu' },
  cancelled: { en: 'it was cancelled', id: 'dibatalkan' },
}
const OTHER_REASON = { en: 'it could not be processed', id: 'tidak dapat diproses' }

/** Why an order was not placed, in a customer's words. */
export function reasonOf({ status, reason }: OrderNotPlaced['because'], language: Language): string {
  const known = REASONS[status === 'cancelled' ? status : reason]
  return (known ?? OTHER_REASON)[language]
}

const REFUND_REASONS = {
  expired: { en: 'was not complete in time', id: 'tidak lengkap tepat waktu' },
  cancelled: { en: 'was cancelled', id: 'dibatalkan' },
}

export function refundReasonOf(because: PaymentRefunded['because'], language: Language): string {
  return REFUND_REASONS[because][language]
}

/** What is still to be paid; null: the first payment settles it. */
export function leftOf(amount: number | null, language: Language): string {
  return amount === null ? { en: 'any amount', id: 'jumlah bebas' }[language] : String(amount)
}

function greeting(word: string, data: Data): string {
  return `${word} ${of(data, 'first_name')},`.replace(' ,', ',')
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
