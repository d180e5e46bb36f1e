// Owns: the pages that people see in a browser: signing in, signing out, and what went wrong. Pure.
// I1: no script; every value is escaped; a form goes to this server, and its answer to the client's own address only.
// I2: a page says the same of a wrong password and of a name that nobody has.
import { escapeHtml } from '@ensemble/http'
import { createHash } from 'node:crypto'

/** A page and the origins, beside this server's, that the answer to its form may lead to. */
export interface Page {
  readonly status: number
  readonly title: string
  readonly body: string
  readonly onward?: readonly string[]
}

export interface SignIn {
  readonly clientName: string
  /** What the client is going to be allowed; nothing is said of clients of our own. */
  readonly wishes: readonly string[]
  readonly username: string
  readonly onward: readonly string[]
  /** What was wrong with the last try. */
  readonly trouble?: { readonly status: 401 | 429 | 503; readonly text: string }
}

const WISHES: Readonly<Record<string, string>> = {
  'user:own': 'see and change your profile',
  'order:own': 'place, see, change and cancel your orders',
  'payment:own': 'see and make your payments',
  openid: 'know that it is you',
  offline_access: 'go on while you are away',
}

const STYLE = `
:root { color-scheme: light dark; --ground: #f3f4f6; --card: #fff; --ink: #1b1f27; --soft: #5a6372;
  --line: #b9c0cb; --mark: #1f5fd0; --on-mark: #fff; --bad: #a4161a; --bad-ground: #fdecec; }
@media (prefers-color-scheme: dark) { :root { --ground: #12151b; --card: #1c212a; --ink: #e8ebf0; --soft: #a3acba;
  --line: #4a5362; --mark: #7fabff; --on-mark: #0c1220; --bad: #ffb3b3; --bad-ground: #3d2023; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; background: var(--ground); color: var(--ink); }
main { width: 100%; max-width: 24rem; padding: 2rem; border-radius: .75rem; background: var(--card);
  box-shadow: 0 1px 3px #0003; }
h1 { margin: 0 0 .75rem; text-wrap: balance; font-size: 1.35rem; line-height: 1.3; overflow-wrap: anywhere; }
p, ul { margin: 0 0 1rem; color: var(--soft); }
ul { padding-left: 1.25rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .25rem; padding: .625rem .75rem; color: inherit;
  font: inherit; font-weight: 400;
  background: transparent; border: 1px solid var(--line); border-radius: .5rem; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
button { width: 100%; margin-top: 1.5rem; padding: .7rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-mark); background: var(--mark); border: 1px solid var(--mark); border-radius: .5rem; }
button.second { margin-top: .75rem; color: var(--mark); background: transparent; }
[role=alert] { padding: .625rem .75rem; border-radius: .5rem; color: var(--bad); background: var(--bad-ground); }
@media (max-width: 30rem) { body { padding: 0; place-items: stretch; background: var(--card); }
  main { max-width: none; box-shadow: none; border-radius: 0; padding: 2rem 1.25rem; } }
`

const STYLE_SOURCE = `'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`

/** Browsers hold a form's redirects against `form-action` too. */
export function policyOf({ onward = [] }: Pick<Page, 'onward'>): string {
  return [
    "default-src 'none'",
    `style-src ${STYLE_SOURCE}`,
    `form-action ${["'self'", ...onward].join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

export function textOf({ title, body }: Page): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="robots" content="noindex">
    <title>${escapeHtml(title)}</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <main>
      <h1>${escapeHtml(title)}</h1>
      ${body}
    </main>
  </body>
</html>
`
}

export function signInPage({ clientName, wishes, username, onward, trouble }: SignIn): Page {
  const named = wishes.map((wish) => `<li>${escapeHtml(WISHES[wish] ?? wish)}</li>`).join('')
  const asked =
    wishes.length === 0 ? '' : `<p>If you sign in, ${escapeHtml(clientName)} may:</p><ul>${named}</ul>`
  const said = trouble === undefined ? '' : `<p role="alert">${escapeHtml(trouble.text)}</p>`
  const verb = wishes.length === 0 ? 'Sign in' : 'Sign in and allow'
  return {
    status: trouble?.status ?? 200,
    title: `Sign in to ${clientName}`,
    onward,
    body: `${asked}${said}
      <form method="post" autocomplete="on">
        <label>Username <input name="username" value="${escapeHtml(username)}" maxlength="100" required
          autocomplete="username" autocapitalize="none" spellcheck="false"${focusIf(username === '')}></label>
        <label>Password <input name="password" type="password" maxlength="128" required
          autocomplete="current-password"${focusIf(username !== '')}></label>
        <button name="answer" value="sign in">${verb}</button>
        <button name="answer" value="cancel" class="second" formnovalidate>Cancel</button>
      </form>`,
  }
}

function focusIf(isFirst: boolean): string {
  return isFirst ? ' autofocus' : ''
}

export function signOutPage(action: string, secret: string, onward: readonly string[]): Page {
  return {
    status: 200,
    title: 'Sign out?',
    onward,
    body: `<p>What you signed in to in this browser has to ask for your password again.</p>
      <form method="post" action="${escapeHtml(action)}">
        <input type="hidden" name="xsrf" value="${escapeHtml(secret)}">
        <button name="logout" value="yes">Sign out</button>
      </form>`,
  }
}

export const SIGNED_OUT: Page = {
  status: 200,
  title: 'You are signed out',
  body: '<p>You can close this page.</p>',
}

export const NOT_FROM_HERE: Page = {
  status: 403,
  title: 'This did not come from our page',
  body: '<p>Go back to where you came from and start again.</p>',
}

export function troublePage(status: number, text: string): Page {
  return {
    status,
    title: 'That did not work',
    body: `<p>${escapeHtml(text)}</p><p>Go back to where you came from and start again.</p>`,
  }
}
