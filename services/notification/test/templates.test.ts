// Every event has words in every language, and a value that is missing stops none.
import { NotificationTemplate } from '@ensemble/service-contracts'
import { expect, test } from 'vitest'
import { LANGUAGES, languageOf, leftOf, reasonOf, refundReasonOf, write } from '../templates.ts'

test.each(
  LANGUAGES.flatMap((language) => NotificationTemplate.options.map((name) => [name, language] as const)),
)('%s in %s has words, also without any value', (name, language) => {
  const { channel, subject, text } = write(name, { language, data: {} })
  expect(text).not.toMatch(/undefined|null/)
  expect(text.length).toBeGreaterThan(10)
  expect(subject === '').toBe(channel === 'sms')
})

test('given values, then they are in the words of the language', () => {
  const data = { first_name: 'Maya', order_number: '7', payment_order: '900', change_total: '100' }
  expect(write('order-completed', { language: 'id', data })).toEqual({
    channel: 'email',
    subject: 'Pesanan 7 selesai',
    text: [
      'Halo Maya,',
      'Pesanan 7 sudah dibayar dan selesai: 900.',
      'Pembayaran Anda lebih dari tagihan; kembaliannya 100.',
    ].join('\n'),
  })
  expect(reasonOf({ step: 's', status: 'rejected', reason: 'expired', data: null }, 'id')).toBe(
    'tidak dibayar tepat waktu',
  )
  expect([refundReasonOf('cancelled', 'id'), leftOf(null, 'id'), leftOf(5, 'id')]).toEqual([
    'dibatalkan',
    'jumlah bebas',
    '5',
  ])
})

test('given data that names a language, then it is that one, if there is such a one', () => {
  expect([
    languageOf({ language: 'id' }, 'en'),
    languageOf({ language: 'xx' }, 'id'),
    languageOf({}, 'en'),
  ]).toEqual(['id', 'id', 'en'])
})
