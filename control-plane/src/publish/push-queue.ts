/** How long the loop works at a time before it lets answers and new sidecars in. */
const SLICE_MS = 8;

export interface PushQueueOptions<Stream> {
  readonly push: (stream: Stream) => void;
  /** False: enough is on its way to the sockets; `resume` says when to go on. */
  readonly hasRoom: () => boolean;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Streams that wait for a push, first come, first served, each once: what comes while one waits goes out with it. */
export class PushQueue<Stream> {
  readonly #options: PushQueueOptions<Stream>;
  readonly #waiting = new Set<Stream>();
  #isScheduled = false;

  constructor(options: PushQueueOptions<Stream>) {
    this.#options = options;
  }

  add(stream: Stream): void {
    this.#waiting.add(stream);
    this.resume();
  }

  remove(stream: Stream): void {
    this.#waiting.delete(stream);
  }

  size(): number {
    return this.#waiting.size;
  }

  resume(): void {
    if (this.#isScheduled || this.#waiting.size === 0 || !this.#options.hasRoom()) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    const { push, hasRoom, now } = this.#options;
    const until = now() + SLICE_MS;
    for (const stream of this.#waiting) {
      if (!hasRoom() || now() > until) break;
      this.#waiting.delete(stream);
      push(stream);
    }
    this.resume();
  }
}
