// Which operator a number is of, and who is asked first because of that.
import { expect, test } from 'vitest'
import { operatorOf, routeOf, type Known } from '../routing.ts'
import { messageOf } from './messages.ts'

const providers: readonly Known[] = [
  { name: 'infobip', channel: 'sms', rendersTemplates: false },
  { name: 'wavecell', channel: 'sms', rendersTemplates: false },
  { name: 'twilio', channel: 'sms', rendersTemplates: false },
  { name: 'sendgrid', channel: 'email', rendersTemplates: true },
  { name: 'smtp', channel: 'email', rendersTemplates: false },
]
const routes = { xl: ['wavecell'], '+1': ['twilio'], '+1415': ['wavecell', 'twilio'], '+62811': ['twilio'] }

test.each([
  ['+6281700000000', 'xl'],
  ['+6281100000000', 'telkomsel'],
  ['+6285800000000', 'indosat'],
  ['+6283100000000', 'axis'],
  ['+6289900000000', 'three'],
  ['+6288100000000', 'smartfren'],
  ['+6282000000000', undefined],
  ['+15005550006', undefined],
])('%s is of %s', (phone, operator) => {
  expect(operatorOf(phone)).toBe(operator)
})

test.each([
  ['an operator', '+6281700000000', ['wavecell', 'infobip', 'twilio']],
  ['a prefix before its operator', '+6281100000000', ['twilio', 'infobip', 'wavecell']],
  ['the longest prefix', '+14155552671', ['wavecell', 'twilio', 'infobip']],
  ['nothing', '+6289900000000', ['infobip', 'wavecell', 'twilio']],
])('given a number of which a route names %s, then %s goes to %j', (_names, address, route) => {
  expect(routeOf(messageOf({ address }), providers, routes)).toEqual(route)
})

test('given a template that only a provider has, then who cannot fill it in is not asked', () => {
  const mail = { channel: 'email', address: 'who@example.test' } as const
  expect(routeOf(messageOf({ ...mail, template: 'd-1' }), providers, {})).toEqual(['sendgrid'])
  expect(routeOf(messageOf({ ...mail, template: 'welcome' }), providers, {})).toEqual(['sendgrid', 'smtp'])
})
