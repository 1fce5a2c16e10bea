import type { NacosApi } from '../http/nacos-api.ts';
import type { Params } from '../http/http-call.ts';
import { jsonFields } from '../http/json-body.ts';
import { NacosError } from '../nacos-error.ts';
import type { PackageCall, PackageHttpClient } from './load-package.ts';

export interface InstanceCarrierOptions {
  readonly api: NacosApi;
  readonly signal: AbortSignal;
  /** Whether the instance with this key is registered and to stay so: only then its beats are sent. */
  readonly isAlive: (key: string) => boolean;
  /** How a beat went; undefined: well. */
  readonly onBeat: (key: string, error: NacosError | undefined) => void;
}

/** A server that hangs is known as one after so long; well below the 15 s that it waits for a beat. */
const TIMEOUT_MS = 3000;
const BEAT_MS = 5000;
const INSTANCE = '/v1/ns/instance';
const BEAT = `${INSTANCE}/beat`;
/** The answer to a beat of an instance that the server does not know. */
const UNKNOWN_INSTANCE = 20_404;

/**
 * Carries the requests of the package's naming client, which registers, deregisters and beats. What concerns one instance is sent one
 * after the other: a beat that overtakes a deregistration brings the instance back. A beat never holds up the package, whose next
 * round of beats waits for all of this one.
 */
export class InstanceCarrier implements PackageHttpClient {
  readonly #options: InstanceCarrierOptions;
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #failures = new Map<string, NacosError>();

  constructor(options: InstanceCarrierOptions) {
    this.#options = options;
  }

  async request(
    url: string,
    { method, data = {} }: PackageCall,
  ): Promise<{ readonly status: number; readonly data: string }> {
    // The package knows one context path only, `/nacos`.
    const path = new URL(url).pathname.replace(/^\/nacos/, '');
    const params = paramsOf(data);
    if (path === BEAT) {
      this.#beat(params);
      return { status: 200, data: JSON.stringify({ clientBeatInterval: BEAT_MS }) };
    }
    // It may be told by the environment to fetch credentials of Alibaba's; there are none.
    if (path !== INSTANCE) return { status: 200, data: '{}' };
    const key = instanceKey({ service: params['serviceName'], ip: params['ip'], port: params['port'] });
    await this.#inOrder(key, () => this.#send(method === 'DELETE' ? 'DELETE' : 'POST', params, key));
    return { status: 200, data: 'ok' };
  }

  /** Why the last request for this instance failed: the package's own error does not tell. */
  takeFailure(key: string): NacosError | undefined {
    const failure = this.#failures.get(key);
    this.#failures.delete(key);
    return failure;
  }

  #beat(params: Params): void {
    const { beat, key } = readBeat(params);
    // Whatever is under way for it tells the server that it lives, or takes it out.
    if (this.#underWay.has(key) || !this.#options.isAlive(key)) return;
    void this.#inOrder(key, () => this.#sendBeat({ ...params, beat }, key));
  }

  async #sendBeat(query: Params, key: string): Promise<void> {
    const { api, signal, onBeat } = this.#options;
    try {
      const answer = await api.request({
        ...{ method: 'PUT', path: BEAT, query, timeoutMs: TIMEOUT_MS, signal, wish: `keep ${key} alive` },
      });
      const { code } = jsonFields(answer, 'how a beat went');
      const isUnknown = code === UNKNOWN_INSTANCE;
      onBeat(key, isUnknown ? new NacosError('nacos_refused', `the server does not know ${key}`) : undefined);
    } catch (error) {
      onBeat(key, error instanceof NacosError ? error : new NacosError('nacos_refused', String(error)));
    }
  }

  async #send(method: 'POST' | 'DELETE', query: Params, key: string): Promise<void> {
    const { api, signal } = this.#options;
    const wish = `${method === 'POST' ? 'register' : 'deregister'} ${key}`;
    try {
      const at = { path: INSTANCE, timeoutMs: TIMEOUT_MS, signal, wish };
      // Metadata may be too long for a request line.
      await (method === 'POST'
        ? api.request({ ...at, method, form: query })
        : api.request({ ...at, method, query }));
    } catch (error) {
      if (error instanceof NacosError) this.#failures.set(key, error);
      throw error;
    }
  }

  async #inOrder<T>(key: string, run: () => Promise<T>): Promise<T> {
    const before = this.#underWay.get(key);
    const mine = Promise.resolve(before?.catch(() => undefined)).then(run);
    const settled = mine.catch(() => undefined);
    this.#underWay.set(key, settled);
    try {
      return await mine;
    } finally {
      if (this.#underWay.get(key) === settled) this.#underWay.delete(key);
    }
  }
}

/** `GROUP@@name 10.0.0.1:80`: what servers take as one instance. */
export function instanceKey(of: {
  readonly service: unknown;
  readonly ip: unknown;
  readonly port: unknown;
}): string {
  return `${String(of.service)} ${String(of.ip)}:${String(of.port)}`;
}

/** The weight as the number that it is; what the package notes for itself is not sent. */
function readBeat(params: Params): { readonly beat: string; readonly key: string } {
  const { scheduled: _, ...beat } = JSON.parse(params['beat'] ?? '{}') as Readonly<Record<string, unknown>>;
  const key = instanceKey({ service: beat['serviceName'], ip: beat['ip'], port: beat['port'] });
  return { beat: JSON.stringify({ ...beat, weight: Number(beat['weight']) }), key };
}

function paramsOf(data: Readonly<Record<string, unknown>>): Params {
  const given = Object.entries(data).filter(([, value]) => typeof value === 'string' && value !== '');
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}
