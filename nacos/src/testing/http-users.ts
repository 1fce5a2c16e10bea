import type { FakeAnswer, SeenRequest } from './http-exchange.ts';

/** Logins and tokens. Without users there is neither, as on a server without the plugin. */
export class FakeUsers {
  readonly passwords = new Map<string, string>();
  /** Tokens that are taken. */
  readonly tokens = new Set<string>();
  tokenTtl = 18_000;
  /** The only path of logins. */
  loginPath = '/v1/auth/login';
  #given = 0;

  answer({ method, path, params }: SeenRequest): FakeAnswer | undefined {
    if (this.passwords.size === 0) return undefined;
    if (method === 'POST' && path === this.loginPath) return this.#login(params);
    if (this.tokens.has(params.get('accessToken') ?? '')) return undefined;
    return path.startsWith('/v1/auth') || path.startsWith('/v3/auth')
      ? undefined
      : { status: 403, body: JSON.stringify({ status: 403, error: 'Forbidden', message: 'token invalid!' }) };
  }

  #login(params: URLSearchParams): FakeAnswer {
    const [username, password] = [params.get('username') ?? '', params.get('password')];
    if (this.passwords.get(username) !== password) {
      return { status: 403, body: `unknown user! ${username} ${password}` };
    }
    const accessToken = `token-${++this.#given}`;
    this.tokens.add(accessToken);
    return {
      status: 200,
      body: JSON.stringify({ accessToken, tokenTtl: this.tokenTtl, globalAdmin: true, username }),
    };
  }
}
