// Owns: a browser without scripts for one test: it keeps cookies by their paths, follows what it is told to, and sends
// forms as a browser sends them.
// I1: an address of the issuer is asked at the test's own address, as a proxy in front would do it.

export interface Shown {
  readonly status: number
  /** Where it is now, as the browser shows it. */
  readonly url: string
  readonly text: string
  readonly headers: Headers
}

export interface Browser {
  cookies(): readonly (readonly [name: string, value: string])[]
  open(url: string): Promise<Shown>
  /** Sends the form of the page that is shown; `head` is what another page could make a browser send. */
  send(
    page: Shown,
    fields: Readonly<Record<string, string>>,
    head?: Readonly<Record<string, string>>,
  ): Promise<Shown>
}

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

const REDIRECTS_MAX = 10

/** `callback` is the client's own page: it is not asked, its address is what is shown. */
export function browserAt(issuer: string, url: string, callback: string): Browser {
  const cookies = new Map<string, Cookie>()
  const keep = (headers: Headers): void => {
    for (const line of headers.getSetCookie()) {
      const [pair = '', ...rest] = line.split(';').map((text) => text.trim())
      const [name = '', value = ''] = pair.split('=')
      const path = rest.find((text) => /^path=/i.test(text))?.slice('path='.length) ?? '/'
      if (value === '') cookies.delete(`${name} ${path}`)
      else cookies.set(`${name} ${path}`, { name, value, path })
    }
  }
  const cookieFor = (address: string): Record<string, string> => {
    const { pathname } = new URL(address)
    const fit = [...cookies.values()].filter(({ path }) =>
      `${pathname}/`.startsWith(`${path.replace(/\/$/, '')}/`),
    )
    return fit.length === 0 ? {} : { cookie: fit.map(({ name, value }) => `${name}=${value}`).join('; ') }
  }
  const ask = async (address: string, init: RequestInit = {}): Promise<Shown> => {
    let asked: RequestInit = init
    let at = address
    for (let redirects = 0; redirects < REDIRECTS_MAX; redirects += 1) {
      if (at.startsWith(callback)) return { status: 200, url: at, text: '', headers: new Headers() }
      const headers = { ...Object.fromEntries(new Headers(asked.headers)), ...cookieFor(at) }
      const answer = await fetch(at.replace(issuer, url), { ...asked, headers, redirect: 'manual' })
      keep(answer.headers)
      const to = answer.headers.get('location')
      if (to === null || answer.status !== 303) {
        return { status: answer.status, url: at, text: await answer.text(), headers: answer.headers }
      }
      at = new URL(to, at).href
      asked = {}
    }
    throw new Error(`more than ${REDIRECTS_MAX} redirects, the last to ${at}`)
  }
  return {
    cookies: () => [...cookies.values()].map(({ name, value }) => [name, value]),
    open: (address) => ask(address),
    send: (page, fields, head = { origin: issuer, 'sec-fetch-site': 'same-origin' }) => {
      const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1] ?? page.url
      const hidden = [...page.text.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)]
      const told = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]))
      const body = new URLSearchParams({ ...told, ...fields })
      return ask(new URL(action, page.url).href, { method: 'POST', body, headers: head })
    },
  }
}
