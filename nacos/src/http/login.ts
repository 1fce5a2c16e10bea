import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { NacosError } from '../nacos-error.ts';
import type { Credentials } from '../server-options.ts';
import { wordsOf } from './answer-error.ts';
import type { HttpAnswer, HttpCaller, Params } from './http-call.ts';
import { jsonFields, malformedBody } from './json-body.ts';

export interface Login {
  /** Undefined: the server asks for none. */
  readonly token: string | undefined;
  readonly ttlMs: number;
}

export interface LoginPlace {
  readonly member: SocketAddress;
  /** `/nacos` */
  readonly contextPath: string;
  /** How messages name the server. */
  readonly registry: string;
}

/** Where servers of different age have it: from 1.2 on, the one that their own console uses, Nacos 3. */
const PATHS = ['/v1/auth/login', '/v1/auth/users/login', '/v3/auth/user/login'];
const TIMEOUT_MS = 5000;
/** Of a token whose end the server does not tell; Nacos' own default is five hours. */
const DEFAULT_TTL_S = 1800;
/** Until a server that asked for no token is asked again whether it still does not. */
const ABSENT_TTL_MS = 60_000;

/** Asks one member for a token. Rejects with a NacosError whose message names server and user, never the password. */
export async function logIn(caller: HttpCaller, place: LoginPlace, credentials: Credentials): Promise<Login> {
  const { username } = credentials;
  const form = { username, password: await credentials.password() };
  for (const path of PATHS) {
    const at = { method: 'POST', path: place.contextPath + path, timeoutMs: TIMEOUT_MS } as const;
    const answer = await caller.call(place.member, { ...at, form });
    if (answer.status === 200) return readLogin(answer, place);
    // 405: the path is there for something else.
    if ([404, 405, 501].includes(answer.status)) continue;
    if (answer.status >= 500 && (await isOpenToAll(caller, place))) break;
    throw refusedLogin(answer, place, form);
  }
  return { token: undefined, ttlMs: ABSENT_TTL_MS };
}

/** A server that has users but asks nobody who they are may fail where it should give a token, for it has no key for one. */
async function isOpenToAll(caller: HttpCaller, { member, contextPath }: LoginPlace): Promise<boolean> {
  const path = `${contextPath}/v1/ns/service/list`;
  const query = { pageNo: '1', pageSize: '1' };
  const { status } = await caller.call(member, { method: 'GET', path, query, timeoutMs: TIMEOUT_MS });
  return status === 200;
}

function readLogin(answer: HttpAnswer, place: LoginPlace): Login {
  const { accessToken, tokenTtl } = jsonFields(answer, 'a token');
  if (typeof accessToken !== 'string' || accessToken === '') {
    throw malformedBody(`none from ${nameOf(place)}`, 'a token');
  }
  const seconds = typeof tokenTtl === 'number' && tokenTtl > 0 ? tokenTtl : DEFAULT_TTL_S;
  return { token: accessToken, ttlMs: seconds * 1000 };
}

/** The words of a refusal are not repeated: some servers repeat what they were sent. */
function refusedLogin({ status, body }: HttpAnswer, place: LoginPlace, sent: Params): NacosError {
  const { username = '', password = '' } = sent;
  const who = `user ${JSON.stringify(username)}`;
  if ([0, 401, 403].includes(status)) {
    return new NacosError(
      'nacos_credentials_refused',
      `${nameOf(place)} refuses ${who}: user or password is wrong (HTTP ${status})`,
    );
  }
  const words = wordsOf(body);
  // Left out as a whole: cut out, a short password would tell where it stood.
  const said = words === '' || password === '' || words.includes(password) ? '' : `: ${words}`;
  return new NacosError('nacos_refused', `${nameOf(place)} cannot log in ${who} now (HTTP ${status}${said})`);
}

function nameOf({ registry, member }: LoginPlace): string {
  return `Nacos server ${JSON.stringify(registry)} (${formatAddress(member)})`;
}
