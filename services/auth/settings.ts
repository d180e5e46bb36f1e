// Owns: what oidc-provider is told of this system: its paths, grants, lifetimes, cookies and pages.
// Does not own: what it stores (token-store.ts), what happens when it is asked (provider.ts).
// I1: a code is of use only with the verifier of who asked for it (PKCE, S256), once, for a minute.
// I2: no page of the library's own is shown: those have a script.
import { TOKEN_ALGORITHM, TOKEN_AUDIENCE } from '@ensemble/service/tokens'
import { PERMISSIONS } from '@ensemble/service-contracts'
import { errors, type Configuration, type KoaContextWithOIDC } from 'oidc-provider'
import type { SigningKey } from './keys.ts'
import { signOutPage, SIGNED_OUT, troublePage } from './pages.ts'
import { freshLogins, OPENID_SCOPES, show, SIGN_IN_PATH, SIGN_IN_SECONDS } from './sign-in.ts'
import { ACCESS_SECONDS, REFRESH_SECONDS, type TokenStore } from './token-store.ts'
import type { Users } from './users.ts'

export const PATHS = {
  jwks: '/oauth/jwks',
  token: '/oauth/token',
  introspection: '/oauth/introspect',
  revocation: '/oauth/revoke',
  authorization: '/oauth/authorize',
  end_session: '/oauth/logout',
} as const
export const SIGN_OUT_PATH = `${PATHS.end_session}/confirm`

export const TARGET = {
  audience: TOKEN_AUDIENCE,
  accessTokenFormat: 'jwt',
  accessTokenTTL: ACCESS_SECONDS,
} as const
const CODE_SECONDS = 60
const COOKIES: Configuration['cookies'] = {
  names: { session: 'ensemble_session', interaction: 'ensemble_login', resume: 'ensemble_resume' },
  long: { httpOnly: true, sameSite: 'lax', path: '/oauth' },
  short: { httpOnly: true, sameSite: 'lax' },
}

const FEATURES: Configuration['features'] = {
  devInteractions: { enabled: false },
  clientCredentials: { enabled: true },
  introspection: { enabled: true },
  revocation: { enabled: true },
  userinfo: { enabled: false },
  rpInitiatedLogout: {
    enabled: true,
    logoutSource: askWhetherOut,
    postLogoutSuccessSource: (context) => show(context, SIGNED_OUT),
  },
  pushedAuthorizationRequests: { enabled: false },
  dPoP: { enabled: false },
  resourceIndicators: {
    enabled: true,
    defaultResource: async () => TOKEN_AUDIENCE,
    getResourceServerInfo: async (_context, resource) => {
      if (resource !== TOKEN_AUDIENCE) throw new errors.InvalidTarget()
      return { ...TARGET, scope: PERMISSIONS.join(' ') }
    },
    useGrantedResource: async () => true,
  },
}
const TTL: Configuration['ttl'] = {
  AccessToken: ACCESS_SECONDS,
  ClientCredentials: ACCESS_SECONDS,
  RefreshToken: REFRESH_SECONDS,
  Grant: REFRESH_SECONDS,
  Session: REFRESH_SECONDS,
  Interaction: SIGN_IN_SECONDS,
  AuthorizationCode: CODE_SECONDS,
  IdToken: ACCESS_SECONDS,
}

interface SettingsParts {
  readonly issuer: string
  readonly tokens: Pick<TokenStore, 'adapter'>
  readonly users: Pick<Users, 'isThere'>
}

export function settingsOf(
  { issuer, tokens, users }: SettingsParts,
  keys: readonly SigningKey[],
): Configuration {
  return {
    adapter: (kind: string) => tokens.adapter(kind),
    jwks: { keys: keys.map(({ jwk }) => ({ ...jwk })) },
    routes: PATHS,
    scopes: [...OPENID_SCOPES, ...PERMISSIONS],
    issueRefreshToken: async () => true,
    responseTypes: ['code'],
    pkce: { required: () => true },
    interactions: { url: (_context, { uid }) => `${SIGN_IN_PATH}/${uid}`, policy: freshLogins() },
    cookies: COOKIES,
    renderError: (context, out) =>
      show(context, troublePage(context.status, out.error_description ?? out.error)),
    extraClientMetadata: { properties: ['permissions', 'is_first_party'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
    clientDefaults: {
      grant_types: ['client_credentials'],
      response_types: [],
      id_token_signed_response_alg: TOKEN_ALGORITHM,
    },
    discovery: { service_documentation: `${issuer}/docs` },
    features: FEATURES,
    ttl: TTL,
    rotateRefreshToken: true,
    revokeGrantPolicy: () => true,
    extraTokenClaims: async (_context, token) =>
      token.kind === 'AccessToken' ? { grant: token.grantId } : undefined,
    findAccount: async (_context, accountId) =>
      (await users.isThere(accountId)) ? { accountId, claims: async () => ({ sub: accountId }) } : undefined,
  }
}

export function askWhetherOut(context: KoaContextWithOIDC): void {
  const { state = {} } = context.oidc.session ?? {}
  const to = state['postLogoutRedirectUri']
  const onward = typeof to === 'string' ? [new URL(to).origin] : []
  show(context, signOutPage(SIGN_OUT_PATH, String(state['secret']), onward))
}
