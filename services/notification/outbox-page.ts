// Owns: the page on which people read the messages and what providers said of them. No script; every value is escaped.
import { escapeHtml, type Pagination } from '@ensemble/http'
import { momentOf } from '@ensemble/service-contracts'
import { createHash } from 'node:crypto'
import type { Message } from './message.ts'

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --mark: #06c; }
@media (prefers-color-scheme: dark) { :root { --mark: #6af; } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; margin: 1rem 0; }
header { display: flex; flex-wrap: wrap; gap: .25rem 1rem; font-size: .85rem; }
header strong { color: var(--mark); }
h2 { font-size: 1rem; margin: .5rem 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); }
pre { padding: .5rem; margin: 0; font: inherit; }
nav { display: flex; gap: 1rem; }
a { color: var(--mark); }
`

/** The hash lets this one style in, and nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "frame-ancestors 'none'",
].join('; ')

export function outboxPage(
  { limit, page }: Pagination,
  { total, results }: { readonly total: number; readonly results: readonly Message[] },
): string {
  const pageCount = Math.max(1, Math.ceil(total / limit))
  const link = (to: number, text: string): string =>
    to < 1 || to > pageCount ? '' : `<a href="?page=${to}&amp;limit=${limit}">${text}</a>`
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Outbox</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>Outbox</h1>
    <p>Messages to people: ${total}. What 'local' was given did not leave this system.</p>
    ${results.length === 0 ? '<p>There are none on this page.</p>' : results.map(article).join('\n    ')}
    <nav>${link(page - 1, 'Newer')} <span>Page ${page} of ${pageCount}</span> ${link(page + 1, 'Older')}</nav>
  </body>
</html>
`
}

function article(message: Message): string {
  const { channel, status, address, userId, createdAt, template, subject, text } = message
  const to = address ?? (userId === null ? 'nobody' : `user ${userId}, whose address is not known`)
  const told = [
    `<strong>${escapeHtml(channel)}</strong>`,
    escapeHtml(status),
    `to ${escapeHtml(to)}`,
    momentOf(createdAt),
  ]
  const words = template === null ? told : [...told, escapeHtml(template)]
  const title = subject === '' ? '' : `<h2>${escapeHtml(subject)}</h2>`
  const spans = words.map((word) => `<span>${word}</span>`).join('')
  return `<article><header>${spans}</header>${title}<pre>${escapeHtml(text)}</pre></article>`
}
