import { setTimeout as sleep } from 'node:timers/promises';
import type { Params } from '../http/http-call.ts';
import { decodeContent } from './decode-content.ts';
import type { PackageAgent, PackageRequest } from './load-package.ts';
import type { PatientRequests } from './patient-requests.ts';

const LISTENER = '/v1/cs/configs/listener';
/** The shortest that a server grants. A server that hangs is known after that and the grace. */
const POLL_MS = 10_000;
const POLL_GRACE_MS = 3000;
const READ_TIMEOUT_MS = 5000;
/** Between the beginnings of two polls, after one that brought news. */
const AFTER_NEWS_MS = 50;
/** After one that did not: where server and package do not agree on what is new, each poll ends at once. */
const AFTER_NOTHING_MS = 500;
/** After data id and group in what a poll listens to. */
const WORD = '\u0002';

/**
 * Carries the requests of the package's configuration client. Its own agent tries again without a pause while a server is away; this
 * one waits until there is an answer, so that the package knows of no outage at all and keeps what it has.
 */
export class ConfigHttpAgent implements PackageAgent {
  readonly #requests: PatientRequests;
  readonly #closed: AbortSignal;
  #polling: { readonly listensTo: string; readonly cut: AbortController } | undefined;
  #polledAt = -Infinity;
  #hasNews = false;
  /** By data id and group. */
  readonly #known = new Map<string, string | null>();

  constructor(requests: PatientRequests, closed: AbortSignal) {
    this.#requests = requests;
    this.#closed = closed;
  }

  async request(path: string, { data = {} }: PackageRequest = {}): Promise<string | null> {
    const params = paramsOf(data);
    return path === LISTENER ? this.#poll(params) : this.#readContent(path, params);
  }

  async #readContent(path: string, query: Params): Promise<string | null> {
    const { dataId = '', group = '' } = query;
    const answer = await this.#requests.request({
      ...{ method: 'GET', path, query, timeoutMs: READ_TIMEOUT_MS, accepts: [404], signal: this.#closed },
      wish: `read configuration ${dataId} of group ${group}`,
    });
    const name = `${dataId}${WORD}${group}${WORD}`;
    const content = answer === undefined || answer.status === 404 ? null : decodeContent(answer);
    this.#hasNews ||= this.#known.get(name) !== content;
    this.#known.set(name, content);
    this.#pollAnewFor(name);
    return content;
  }

  async #poll(form: Params): Promise<string | null> {
    const pauseMs = this.#hasNews ? AFTER_NEWS_MS : AFTER_NOTHING_MS;
    const waitMs = this.#polledAt + pauseMs - performance.now();
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: this.#closed }).catch(() => undefined);
    this.#polledAt = performance.now();
    this.#hasNews = false;
    const cut = new AbortController();
    this.#polling = { listensTo: form['Listening-Configs'] ?? '', cut };
    const answer = await this.#requests.request({
      ...{ method: 'POST', path: LISTENER, form, timeoutMs: POLL_MS + POLL_GRACE_MS },
      signal: AbortSignal.any([cut.signal, this.#closed]),
      headers: { 'long-pulling-timeout': String(POLL_MS) },
      // A server that is back says so at once.
      headersAgain: { 'long-pulling-timeout': String(POLL_MS), 'long-pulling-timeout-no-hangup': 'true' },
      wish: 'listen to changes of configurations',
    });
    this.#polling = undefined;
    return answer?.body.toString('utf8') ?? '';
  }

  /** A poll under way does not hear of what was followed later; without this, its changes would be seen when that poll ends. */
  #pollAnewFor(name: string): void {
    const polling = this.#polling;
    if (polling === undefined || polling.listensTo.includes(name)) return;
    // The package is to know the content first.
    setImmediate(() => polling.cut.abort());
  }
}

function paramsOf(data: Readonly<Record<string, unknown>>): Params {
  const given = Object.entries(data).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
