import type { ServerResponse } from 'node:http';
import type { StoredEvent } from './versioned-objects.ts';

export interface WatcherOptions {
  readonly response: ServerResponse;
  readonly collection: string;
  readonly namespace: string;
  /** Version of which the client knows everything; nothing up to it is sent, though the counter may have gone back. */
  readonly from: number;
}

/** The server's side of one watch. */
export class Watcher {
  readonly #options: WatcherOptions;
  #isStalled = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    options.response.writeHead(200, { 'content-type': 'application/json' });
    options.response.flushHeaders();
  }

  wants({ version, collection, object }: StoredEvent): boolean {
    const { namespace, from } = this.#options;
    return (
      version > from &&
      collection === this.#options.collection &&
      (namespace === '' || object.metadata.namespace === namespace)
    );
  }

  send(event: StoredEvent): void {
    if (this.wants(event)) this.sendLine({ type: event.type, object: event.object });
  }

  bookmark(version: number): void {
    const metadata = { resourceVersion: String(version), creationTimestamp: null };
    this.sendLine({ type: 'BOOKMARK', object: { kind: 'Pod', apiVersion: 'v1', metadata, spec: {} } });
  }

  sendLine(value: unknown): void {
    this.sendRaw(`${JSON.stringify(value)}\n`);
  }

  sendRaw(text: string): void {
    if (!this.#isStalled) this.#options.response.write(text);
  }

  /** The connection stays open and nothing more comes over it. */
  stall(): void {
    this.#isStalled = true;
  }

  end(): void {
    this.stall();
    this.#options.response.end();
  }

  /** Without a word, as when a process dies. */
  reset(): void {
    this.#options.response.socket?.resetAndDestroy();
  }
}
