// The page escapes whatever it shows, and its policy lets in its own style only.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { outboxPage, PAGE_POLICY } from '../outbox-page.ts'
import type { Message } from '../message.ts'

const EVIL = `<script>alert("1")</script>'&`

const message: Message = {
  id: '5f0c2a34-7a0e-4f0b-9a55-0d9f3a1c7e21',
  channel: 'email',
  template: EVIL,
  userId: null,
  address: EVIL,
  subject: EVIL,
  text: EVIL,
  details: { language: 'en', data: {}, sender: null, isOtp: false },
  round: 0,
  status: 'SENT',
  attempts: [],
  fingerprint: '',
  createdAt: 0,
  updatedAt: 0,
}

test('given markup in every field, when shown, then it is text', () => {
  const html = outboxPage({ limit: 20, page: 1 }, { total: 1, results: [message] })
  expect(html.match(/&lt;script&gt;alert\(&quot;1&quot;\)&lt;\/script&gt;&#39;&amp;/g)?.length).toBe(4)
  expect(html).not.toContain('<script')
})

test('given its style, when hashed, then the policy names it', () => {
  const html = outboxPage({ limit: 20, page: 1 }, { total: 0, results: [] })
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? ''
  expect(PAGE_POLICY).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
})

test('given three pages, when the second is shown, then it leads to both others', () => {
  const html = outboxPage({ limit: 20, page: 2 }, { total: 41, results: [] })
  expect([...html.matchAll(/href="([^"]+)"/g)].map(([, href]) => href)).toEqual([
    '?page=1&amp;limit=20',
    '?page=3&amp;limit=20',
  ])
})
