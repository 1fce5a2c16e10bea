import { setTimeout as sleep } from 'node:timers/promises';

/** A server that is away is asked so often, by one of all who wait for it. */
const AWAY_MS = 1000;

/** Open, all may pass; shut, one every second, to see whether it may be opened. */
export class OutageGate {
  #nextAt: number | undefined;
  #probe: Promise<void> | undefined;

  /** Resolves when it is the caller's turn, or `signal` has come; what it resolves to is to be called afterwards. */
  async enter(signal: AbortSignal): Promise<() => void> {
    while (this.#nextAt !== undefined && !signal.aborted) {
      const waitMs = this.#nextAt - performance.now();
      if (this.#probe !== undefined) await this.#probe;
      else if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => undefined);
      else return this.#begin();
    }
    return () => undefined;
  }

  shut(): void {
    this.#nextAt = performance.now() + AWAY_MS;
  }

  open(): void {
    this.#nextAt = undefined;
  }

  #begin(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#probe = promise;
    return () => {
      if (this.#probe === promise) this.#probe = undefined;
      resolve();
    };
  }
}
