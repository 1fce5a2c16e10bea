import { createHash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import type { FakeAnswer, SeenRequest } from './http-exchange.ts';

/** How much sooner than the client asks for a poll ends. */
const EARLIER_MS = 500;

/** Configurations of any namespace, by `dataId@group`. */
export class FakeConfigs {
  readonly #contents = new Map<string, Buffer>();
  readonly #changes = new EventEmitter().setMaxListeners(100);
  contentType = 'text/plain;charset=UTF-8';
  /** The md5 that the server believes in is another one than that of the content: each poll ends at once. */
  hasWrongMd5 = false;

  publish(dataId: string, group: string, content: string | Buffer): void {
    this.#contents.set(`${dataId}@${group}`, Buffer.from(content));
    this.#changes.emit('change');
  }

  remove(dataId: string, group: string): void {
    this.#contents.delete(`${dataId}@${group}`);
    this.#changes.emit('change');
  }

  async answer(
    { method, path, params, headers }: SeenRequest,
    signal: AbortSignal,
  ): Promise<FakeAnswer | undefined> {
    if (path === '/v1/cs/configs/listener') {
      const isShort = headers['long-pulling-timeout-no-hangup'] === 'true';
      const waitMs = isShort ? 0 : Number(headers['long-pulling-timeout'] ?? 30_000) - EARLIER_MS;
      return this.#listen(params, AbortSignal.any([signal, AbortSignal.timeout(waitMs)]));
    }
    if (path !== '/v1/cs/configs' || method !== 'GET') return undefined;
    const content = this.#contents.get(`${params.get('dataId')}@${params.get('group')}`);
    // The md5 that it is found by is that of UTF-8, whatever it is sent in.
    return content === undefined
      ? { status: 404, body: 'config data not exist' }
      : { status: 200, body: content, contentType: this.contentType };
  }

  async #listen(params: URLSearchParams, until: AbortSignal): Promise<FakeAnswer> {
    const lines = (params.get('Listening-Configs') ?? '').split('\u0001').filter((line) => line !== '');
    for (;;) {
      const changed = lines.filter((line) => this.#hasChanged(line));
      if (changed.length > 0 || until.aborted) {
        const body = changed
          .map((line) => `${line.split('\u0002').slice(0, 2).join('\u0002')}\u0001`)
          .join('');
        return { status: 200, body: encodeURIComponent(body) };
      }
      await once(this.#changes, 'change', { signal: until }).catch(() => undefined);
    }
  }

  #hasChanged(line: string): boolean {
    const [dataId, group, md5] = line.split('\u0002');
    const content = this.#contents.get(`${dataId}@${group}`);
    const now = content === undefined ? '' : createHash('md5').update(content).digest('hex');
    return this.hasWrongMd5 || now !== md5;
  }
}
