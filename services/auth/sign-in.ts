// Owns: users who sign in for a client in a browser: what the page's form brings, and what the client is then given.
// Does not own: how pages look (pages.ts), the rest of the code grant (oidc-provider), guesses (the user service).
// I1: each client asks for the password itself: a page that somebody left open signs nobody in.
// I2: a client gets what it asked for and the role has; the page names that for clients that are not our own.
// I3: who sends the form has the cookie of the page that was shown.
import { Problem } from '@ensemble/http'
import { TOKEN_AUDIENCE } from '@ensemble/service/tokens'
import { text } from 'node:stream/consumers'
import { interactionPolicy, type KoaContextWithOIDC, type Provider } from 'oidc-provider'
import type { Audit } from './audit-store.ts'
import { policyOf, signInPage, textOf, troublePage, type Page, type SignIn } from './pages.ts'
import type { TokenStore } from './token-store.ts'
import type { Users } from './users.ts'

export const SIGN_IN_PATH = '/oauth/login'
/** Seconds from the page to its answer. */
export const SIGN_IN_SECONDS = 600

/** Scopes that are no permissions. */
export const OPENID_SCOPES = ['openid', 'offline_access']

export interface SignInParts {
  readonly provider: Provider
  readonly users: Pick<Users, 'login'>
  readonly tokens: Pick<TokenStore, 'endLogin'>
  readonly audit: Pick<Audit, 'note'>
}

type Shown = Pick<KoaContextWithOIDC, 'status' | 'type' | 'set' | 'body'>
type SignInContext = Parameters<Provider['Session']['get']>[0]
type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>

/** Asks for the password even of who is signed in. */
export function freshLogins(): ReturnType<typeof interactionPolicy.base> {
  const policy = interactionPolicy.base()
  const { Check } = interactionPolicy
  policy
    .get('login')
    ?.checks.add(
      new Check('fresh', 'each client asks for the password', 'login_required', ({ oidc }) =>
        oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    )
  return policy
}

export function show(context: Shown, page: Page): void {
  context.status = page.status
  context.type = 'text/html; charset=utf-8'
  context.set('content-security-policy', policyOf(page))
  // Without a referrer a browser does not say where a form comes from.
  context.set('referrer-policy', 'same-origin')
  context.body = textOf(page)
}

/** Answers a request below `SIGN_IN_PATH`. */
export async function signIn(parts: SignInParts, context: SignInContext): Promise<void> {
  const { provider } = parts
  const interaction = await provider.interactionDetails(context.req, context.res).catch(() => undefined)
  if (interaction === undefined || context.path !== `${SIGN_IN_PATH}/${interaction.uid}`) {
    show(context, troublePage(400, 'This page is over, or it belongs to another browser.'))
    return
  }
  const page = await pageFor(provider, interaction)
  if (context.method === 'POST') await answered(parts, { context, interaction, page })
  else show(context, signInPage(page))
}

async function pageFor(provider: Provider, { params }: Interaction): Promise<SignIn> {
  const metadata = (await provider.Client.find(String(params['client_id'])))?.metadata()
  const isOwn = metadata?.['is_first_party'] === true
  return {
    clientName: metadata?.client_name ?? 'this program',
    wishes: isOwn ? [] : scopesOf(params),
    username: '',
    onward: [new URL(String(params['redirect_uri'])).origin],
  }
}

function scopesOf(params: Interaction['params']): readonly string[] {
  const { scope = '' } = params
  const names = typeof scope === 'string' ? scope : ''
  return names.split(' ').filter((name) => name !== '')
}

interface Answered {
  readonly context: SignInContext
  readonly interaction: Interaction
  readonly page: SignIn
}

async function answered(parts: SignInParts, { context, interaction, page }: Answered): Promise<void> {
  const form = new URLSearchParams(await text(context.req))
  const clientKey = String(interaction.params['client_id'])
  const onward = async (result: Parameters<Provider['interactionResult']>[2]): Promise<void> => {
    const { req, res } = context
    const options = { mergeWithLastSubmission: false }
    const to = await parts.provider.interactionResult(req, res, result, options)
    context.status = 303
    context.redirect(to)
  }
  if (form.get('answer') === 'cancel') {
    await parts.audit.note({ kind: 'login.refused', clientKey, about: 'access_denied' })
    return await onward({ error: 'access_denied', error_description: 'the user said no' })
  }
  const [username, password] = [form.get('username') ?? '', form.get('password') ?? '']
  const again = async (trouble: NonNullable<SignIn['trouble']>, about: string): Promise<void> => {
    await parts.audit.note({ kind: 'login.refused', clientKey, about })
    show(context, signInPage({ ...page, username: username.slice(0, 100), trouble }))
  }
  const verdict = await parts.users.login({ username, password }).catch((error: unknown) => {
    if (error instanceof Problem) return { status: 'unknown' as const }
    throw error
  })
  switch (verdict.status) {
    case 'wrong':
      return await again({ status: 401, text: 'The username or the password is wrong.' }, verdict.status)
    case 'resting': {
      context.set('retry-after', verdict.retryAfter)
      return await again({ status: 429, text: restingText(Number(verdict.retryAfter)) }, verdict.status)
    }
    case 'unknown':
      return await again({ status: 503, text: 'Nobody can sign in now. Try again in a moment.' }, 'failed')
    case 'right':
      break
    default:
      return verdict satisfies never
  }
  const { session, role } = verdict.session
  await forgetAnother(parts, { context, interaction }, session.uuid)
  const grantId = await granted(parts.provider, interaction, { userId: session.uuid, acl: role.acl })
  await parts.audit.note({ kind: 'login.succeeded', clientKey, userId: session.uuid })
  await onward({ login: { accountId: session.uuid, remember: false }, consent: { grantId } })
}

function restingText(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60))
  const wait = minutes === 1 ? 'a minute' : `${minutes} minutes`
  return `Too many wrong passwords for this username. Try again in ${wait}.`
}

/** Whoever was here before is signed out; the library would ask for that by a page with a script. */
async function forgetAnother(
  parts: SignInParts,
  { context, interaction }: Pick<Answered, 'context' | 'interaction'>,
  userId: string,
): Promise<void> {
  const before = await parts.provider.Session.get(context)
  if (before.accountId === undefined || before.accountId === userId) return
  for (const { grantId } of Object.values(before.authorizations ?? {})) {
    if (grantId !== undefined) await parts.tokens.endLogin(grantId)
  }
  // The page goes on without that session, so it must not name it any more.
  interaction.session = undefined
  await interaction.persist()
  await before.destroy()
}

interface Granted {
  readonly userId: string
  readonly acl: readonly string[]
}

async function granted(
  provider: Provider,
  { params }: Interaction,
  { userId: accountId, acl }: Granted,
): Promise<string> {
  const grant = new provider.Grant({ accountId, clientId: String(params['client_id']) })
  for (const scope of scopesOf(params)) {
    if (acl.includes(scope) || OPENID_SCOPES.includes(scope)) {
      grant.addOIDCScope(scope)
      grant.addResourceScope(TOKEN_AUDIENCE, scope)
    } else {
      grant.rejectOIDCScope(scope)
      grant.rejectResourceScope(TOKEN_AUDIENCE, scope)
    }
  }
  return await grant.save()
}
