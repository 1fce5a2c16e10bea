import { STICKY_COOKIE } from '@lanekeeper/protocol/headers';
import { parseAddress, type IpAddress } from '@lanekeeper/runtime/networks';
import type { RequestHead } from '../wire/head.ts';
import type { RequestOrigin } from './condition.ts';
import { decodePercent } from './percent-decoding.ts';

/** One request as rules see it. Parts are taken apart once, and only when some rule asks for them: hundreds may ask. */
export class RequestView {
  readonly head: RequestHead;
  readonly origin: RequestOrigin;
  #path: string | undefined;
  #host: string | undefined;
  #cookies: ReadonlyMap<string, string> | undefined;
  #parameters: ReadonlyMap<string, string> | undefined;
  #clientIp: IpAddress | null | undefined;
  #newKey: string | undefined;

  constructor(head: RequestHead, origin: RequestOrigin) {
    this.head = head;
    this.origin = origin;
  }

  /** As received, without the query. */
  get path(): string {
    return (this.#path ??= withoutQuery(this.head.path));
  }

  /** Lower-case, without port and final dot. */
  get host(): string {
    return (this.#host ??= hostName(this.head.authority));
  }

  /** By lower-case name; repeated fields are joined. */
  header(name: string): string | undefined {
    return this.head.headers.get(name);
  }

  /** Names mind case, values are taken as sent; of several cookies with one name the first counts. */
  cookie(name: string): string | undefined {
    this.#cookies ??= readCookies(this.head.headers.get('cookie'));
    return this.#cookies.get(name);
  }

  /** Names and values are percent-decoded, `+` is a space; of several parameters with one name the first counts. */
  parameter(name: string): string | undefined {
    this.#parameters ??= readParameters(this.head.path);
    return this.#parameters.get(name);
  }

  /** Undefined: not known, or no IP address. */
  get clientIp(): IpAddress | undefined {
    if (this.#clientIp === undefined) this.#clientIp = parseAddress(this.origin.clientAddress) ?? null;
    return this.#clientIp ?? undefined;
  }

  /** The key in our own cookie; at a gateway a client that has none gets one. Undefined: nothing tells clients apart here. */
  clientKey(): string | undefined {
    const { newKey } = this.origin;
    if (newKey === undefined) return undefined;
    const known = this.cookie(STICKY_COOKIE);
    if (known !== undefined && known !== '') return known;
    return (this.#newKey ??= newKey());
  }

  /** The key that the client is to be given, because some rule asked for it. */
  get newKey(): string | undefined {
    return this.#newKey;
  }
}

/** `www.example.com.:80` -> `www.example.com`, `[::1]:80` -> `[::1]`. */
export function hostName(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const hasPort = colon !== -1 && !authority.endsWith(']');
  const name = hasPort ? authority.slice(0, colon) : authority;
  return name.endsWith('.') ? name.slice(0, -1) : name;
}

function withoutQuery(path: string): string {
  const question = path.indexOf('?');
  return question === -1 ? path : path.slice(0, question);
}

function readCookies(header: string | undefined): Map<string, string> {
  const cookies = new Map<string, string>();
  if (header === undefined) return cookies;
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? '' : pair.slice(0, equals).trim();
    if (equals !== -1 && !cookies.has(name)) cookies.set(name, pair.slice(equals + 1).trim());
  }
  return cookies;
}

function readParameters(path: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const question = path.indexOf('?');
  if (question === -1) return parameters;
  for (const pair of path.slice(question + 1).split('&')) {
    const equals = pair.indexOf('=');
    const name = decodeForm(equals === -1 ? pair : pair.slice(0, equals));
    if (!parameters.has(name)) parameters.set(name, equals === -1 ? '' : decodeForm(pair.slice(equals + 1)));
  }
  return parameters;
}

function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}
