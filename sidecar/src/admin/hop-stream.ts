import type { ServerResponse } from 'node:http';
import type { Hop } from '@lanekeeper/protocol/hop';
import type { HopRecord } from '../exchange/hop-record.ts';

export interface HopStreamLimits {
  /** Hops a second; the others are counted and said (event `skipped`), so that looking never slows the data path. */
  readonly maxPerSecond: number;
  /** Bytes that may wait for the client; beyond, it is cut and may come back with Last-Event-ID. */
  readonly maxWaitingBytes: number;
  readonly keepAliveMs: number;
  readonly now: () => number;
}

const DEFAULTS: HopStreamLimits = {
  maxPerSecond: 200,
  maxWaitingBytes: 1024 * 1024,
  // Below the idle timeout of every proxy in common use (the shortest are 30 s).
  keepAliveMs: 15_000,
  now: () => performance.now(),
};

/** One client of `GET /hops/stream`. */
export class HopStream {
  readonly #response: ServerResponse;
  readonly #render: (record: HopRecord) => readonly [id: string, hop: Hop];
  readonly #limits: HopStreamLimits;
  readonly #keepAlive: NodeJS.Timeout;
  #second = 0;
  #sentThisSecond = 0;
  #skipped = 0;

  constructor(
    response: ServerResponse,
    render: (record: HopRecord) => readonly [id: string, hop: Hop],
    limits: Partial<HopStreamLimits>,
  ) {
    this.#response = response;
    this.#render = render;
    this.#limits = { ...DEFAULTS, ...limits };
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 2000\n: hops follow as requests end\n\n');
    this.#keepAlive = setInterval(() => this.#beat(), this.#limits.keepAliveMs).unref();
  }

  /** A hop of the past; these are bounded by the ring and do not count for the rate. */
  replay(record: HopRecord): void {
    const [id, hop] = this.#render(record);
    this.#write(`id: ${id}\nevent: hop\ndata: ${JSON.stringify(hop)}\n\n`);
  }

  send(record: HopRecord): void {
    const second = Math.floor(this.#limits.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sentThisSecond = 0;
      this.#tellSkipped();
    }
    if (this.#sentThisSecond >= this.#limits.maxPerSecond) {
      this.#skipped++;
      return;
    }
    this.#sentThisSecond++;
    this.replay(record);
  }

  close(): void {
    clearInterval(this.#keepAlive);
  }

  #beat(): void {
    this.#tellSkipped();
    this.#write(': still here\n\n');
  }

  #tellSkipped(): void {
    if (this.#skipped === 0) return;
    this.#write(`event: skipped\ndata: {"count":${this.#skipped}}\n\n`);
    this.#skipped = 0;
  }

  #write(text: string): void {
    if (this.#response.destroyed) return;
    this.#response.write(text);
    if (this.#response.writableLength > this.#limits.maxWaitingBytes) this.#response.destroy();
  }
}
