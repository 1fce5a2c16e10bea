import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { AccessToken } from '../access-token.ts';
import { NacosError } from '../nacos-error.ts';
import type { ServerOptions } from '../server-options.ts';
import { answerError, isUnavailable } from './answer-error.ts';
import { createHttpCaller, type HttpAnswer, type HttpCall, type HttpCaller } from './http-call.ts';

export interface ApiRequest extends Omit<HttpCall, 'path'> {
  /** After the context path: `/v1/ns/instance/list`. */
  readonly path: string;
  /** In words, for messages: `list the services of group A`. */
  readonly wish: string;
  /** Statuses beside 2xx that are answers, not errors. */
  readonly accepts?: readonly number[];
}

/** The HTTP API of a Nacos server: with a token, and over whichever of its members answers. */
export interface NacosApi {
  /** Each member is asked once. Rejects with a NacosError, whose message names no secrets. */
  request(request: ApiRequest): Promise<HttpAnswer>;
  /** The member that answered last: `127.0.0.1:8848`. */
  member(): string | undefined;
  /** Ends all connections; what is under way rejects. */
  close(): void;
}

export type ApiOptions = Pick<ServerOptions, 'name' | 'servers' | 'contextPath' | 'tls'>;

export interface ApiDependencies {
  readonly token: AccessToken;
  readonly maxConnections: number;
  /** Milliseconds of a clock that only goes forward; default `performance.now`. */
  readonly now?: () => number;
}

export function createNacosApi(options: ApiOptions, dependencies: ApiDependencies): NacosApi {
  const { maxConnections } = dependencies;
  return new MemberApi(options, {
    ...dependencies,
    caller: createHttpCaller({ tls: options.tls, maxConnections }),
  });
}

/** A server forgets tokens when its key changes. One that it refuses sooner after it was got, it refuses for want of a right. */
const FRESH_MS = 10_000;
/** How often at most a want of rights costs a login. */
const DENIED_MS = 60_000;

class MemberApi implements NacosApi {
  readonly #options: ApiOptions;
  readonly #token: AccessToken;
  readonly #caller: HttpCaller;
  readonly #now: () => number;
  /** Which member is asked first: the last one that answered. */
  #first = 0;
  #answered: SocketAddress | undefined;
  /** Until when the server's word on this token is believed. */
  #trusted: { readonly token: string | undefined; readonly untilMs: number } | undefined;

  constructor(options: ApiOptions, dependencies: ApiDependencies & { readonly caller: HttpCaller }) {
    this.#options = options;
    this.#token = dependencies.token;
    this.#caller = dependencies.caller;
    this.#now = dependencies.now ?? ((): number => performance.now());
  }

  async request(request: ApiRequest): Promise<HttpAnswer> {
    const token = await this.#currentToken();
    const answer = await this.#askMembers(request, token);
    if (!isDenied(answer) || this.#isTrusted(token)) return this.#checked(answer, request);
    this.#token.refused(token);
    const next = await this.#currentToken();
    const second = await this.#askMembers(request, next);
    if (isDenied(second)) this.#trusted = { token: next, untilMs: this.#now() + DENIED_MS };
    return this.#checked(second, request);
  }

  member(): string | undefined {
    return this.#answered && formatAddress(this.#answered);
  }

  close(): void {
    this.#caller.close();
  }

  async #currentToken(): Promise<string | undefined> {
    const token = await this.#token.current();
    if (this.#trusted === undefined || this.#trusted.token !== token) {
      this.#trusted = { token, untilMs: this.#now() + FRESH_MS };
    }
    return token;
  }

  #isTrusted(token: string | undefined): boolean {
    return this.#trusted?.token === token && this.#now() < (this.#trusted?.untilMs ?? 0);
  }

  async #askMembers(request: ApiRequest, token: string | undefined): Promise<HttpAnswer> {
    const { servers } = this.#options;
    const call = this.#callOf(request, token);
    const start = this.#first;
    let failure: unknown;
    for (const [offset] of servers.entries()) {
      const index = (start + offset) % servers.length;
      const member = servers[index];
      if (member === undefined || request.signal?.aborted === true) break;
      try {
        const answer = await this.#caller.call(member, call);
        if (isUnavailable(answer.status)) {
          failure = answerError(answer, formatAddress(member), request.wish);
          continue;
        }
        this.#first = index;
        this.#answered = member;
        return answer;
      } catch (error) {
        if (error instanceof NacosError && error.code === 'nacos_closed') throw error;
        failure = error;
      }
    }
    throw this.#unanswered(failure);
  }

  #callOf({ path, query, ...request }: ApiRequest, token: string | undefined): HttpCall {
    const withToken = token === undefined ? query : { ...query, accessToken: token };
    const fullPath = this.#options.contextPath + path;
    return { ...request, path: fullPath, ...(withToken === undefined ? {} : { query: withToken }) };
  }

  #checked(answer: HttpAnswer, { wish, accepts = [] }: ApiRequest): HttpAnswer {
    const { status } = answer;
    if ((status >= 200 && status < 300) || accepts.includes(status)) return answer;
    throw answerError(answer, `${this.#name()} (${this.member()})`, wish);
  }

  #unanswered(failure: unknown): NacosError {
    const code = failure instanceof NacosError ? failure.code : 'nacos_unreachable';
    const why = failure instanceof Error ? failure.message : 'it has no members';
    return new NacosError(code, `${this.#name()} does not answer: ${why}`);
  }

  #name(): string {
    return `Nacos server ${JSON.stringify(this.#options.name)}`;
  }
}

function isDenied({ status }: HttpAnswer): boolean {
  return status === 401 || status === 403;
}
