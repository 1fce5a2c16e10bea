import type { Log } from '@lanekeeper/runtime/log';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { AccessToken } from '../access-token.ts';
import { NacosError } from '../nacos-error.ts';
import type { Credentials, ServerOptions } from '../server-options.ts';
import { createHttpCaller, type HttpCaller } from './http-call.ts';
import { logIn, type Login } from './login.ts';
import { createLoginBackoff, type LoginBackoff } from './login-backoff.ts';

export type LoginOptions = Pick<ServerOptions, 'name' | 'servers' | 'contextPath' | 'credentials' | 'tls'>;

export interface LoginDependencies {
  readonly log: Log;
  /** Milliseconds of a clock that only goes forward; default `performance.now`. */
  readonly now?: () => number;
}

/** Of a token's life; the rest is for a renewal that does not succeed at once. */
const RENEW_AT = 0.8;

/** Nothing is asked before the first `current`, and then only when one is called: there is no timer. */
export function createAccessToken(options: LoginOptions, dependencies: LoginDependencies): AccessToken {
  const { credentials } = options;
  return credentials === undefined
    ? { current: async () => undefined, refused: () => undefined, close: () => undefined }
    : new LoggedIn({ ...options, credentials }, dependencies);
}

interface Held extends Login {
  readonly renewAt: number;
  readonly endsAt: number;
}

class LoggedIn implements AccessToken {
  readonly #options: LoginOptions & { readonly credentials: Credentials };
  readonly #log: Log;
  readonly #now: () => number;
  readonly #caller: HttpCaller;
  readonly #backoff: LoginBackoff;
  #held: Held | undefined;
  #underWay: Promise<Held> | undefined;
  #lastError: NacosError | undefined;
  #isWarned = false;
  /** Which member was last found to answer. */
  #member = 0;

  constructor(
    options: LoginOptions & { readonly credentials: Credentials },
    { log, now = () => performance.now() }: LoginDependencies,
  ) {
    this.#options = options;
    this.#log = log;
    this.#now = now;
    this.#caller = createHttpCaller({ tls: options.tls, maxConnections: 1 });
    this.#backoff = createLoginBackoff(now);
  }

  async current(): Promise<string | undefined> {
    const held = this.#held;
    if (held === undefined || this.#now() >= held.endsAt) return (await this.#login()).token;
    // The old one serves until the new one is there, or until its end where the server is away.
    if (this.#now() >= held.renewAt && this.#backoff.waitMs() === 0) this.#login().catch(() => undefined);
    return held.token;
  }

  refused(token: string | undefined): void {
    if (this.#held === undefined || this.#held.token !== token) return;
    this.#held = undefined;
    this.#backoff.tokenRefused();
    const user = JSON.stringify(this.#options.credentials.username);
    this.#lastError = new NacosError(
      'nacos_credentials_refused',
      `Nacos server ${JSON.stringify(this.#options.name)} refuses the token that it has given to user ${user}`,
    );
  }

  close(): void {
    this.#caller.close();
  }

  #login(): Promise<Held> {
    if (this.#underWay !== undefined) return this.#underWay;
    if (this.#backoff.waitMs() > 0 && this.#lastError !== undefined) return Promise.reject(this.#lastError);
    const underWay = this.#loginOnce().finally(() => (this.#underWay = undefined));
    this.#underWay = underWay;
    return underWay;
  }

  async #loginOnce(): Promise<Held> {
    try {
      const login = await this.#askMembers();
      const now = this.#now();
      this.#held = { ...login, renewAt: now + login.ttlMs * RENEW_AT, endsAt: now + login.ttlMs };
      this.#backoff.succeeded();
      this.#tellEnd();
      return this.#held;
    } catch (error) {
      const known = asNacosError(error, this.#options);
      this.#lastError = known;
      this.#backoff.failed(known.code === 'nacos_credentials_refused' ? 'credentials' : 'server');
      if (known.code === 'nacos_credentials_refused') this.#tellStart(known);
      throw known;
    }
  }

  /** Each member once, the one that answered last first. What one of them has decided holds for all: they share their users. */
  async #askMembers(): Promise<Login> {
    const { servers, name, contextPath, credentials } = this.#options;
    const failures: NacosError[] = [];
    for (const _ of servers) {
      const member = servers[this.#member % servers.length];
      if (member === undefined) break;
      try {
        return await logIn(this.#caller, { member, contextPath, registry: name }, credentials);
      } catch (error) {
        if (!isTriedElsewhere(error)) throw error;
        failures.push(error);
        this.#member += 1;
      }
    }
    throw new NacosError(
      failures[0]?.code ?? 'nacos_unreachable',
      `no member of Nacos server ${JSON.stringify(name)} gives a token to user ${JSON.stringify(credentials.username)}: ${failures.map(({ message }) => message).join('; ')}`,
    );
  }

  #tellStart(error: NacosError): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    this.#log.warn({ ...this.#who(), problem: error.message }, 'nacos_credentials_refused');
  }

  #tellEnd(): void {
    if (!this.#isWarned) return;
    this.#isWarned = false;
    this.#log.info(this.#who(), 'nacos_credentials_accepted');
  }

  #who(): { readonly registry: string; readonly servers: readonly string[]; readonly user: string } {
    const { name, servers, credentials } = this.#options;
    const addresses = servers.map((member: SocketAddress) => formatAddress(member));
    return { registry: name, servers: addresses, user: credentials.username };
  }
}

function isTriedElsewhere(error: unknown): error is NacosError {
  return error instanceof NacosError && !['nacos_credentials_refused', 'nacos_closed'].includes(error.code);
}

/** Reading the password may fail too: its file may be away. */
function asNacosError(error: unknown, { name, credentials }: LoginOptions): NacosError {
  if (error instanceof NacosError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new NacosError(
    'nacos_credentials_refused',
    `the password of user ${JSON.stringify(credentials?.username)} for Nacos server ${JSON.stringify(name)} cannot be read: ${why}`,
  );
}
