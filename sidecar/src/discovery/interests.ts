import type { InterestKey } from '@lanekeeper/protocol/discovery';
import { InterestBook, type Interest, type InterestChanges } from './interest-book.ts';

export interface InterestsOptions {
  /** The longest that anybody waits for an answer. */
  readonly waitMs: number;
  /** Kept for the life of the process: who this sidecar itself is. */
  readonly own: readonly InterestKey[];
  readonly book?: InterestBook;
  /** Default {@link RETURN_MS}. */
  readonly returnMs?: number;
}

/** How waits ended, for metrics. */
export interface WaitCounts {
  answered: number;
  /** The answer took longer than anybody waits; what waited went on without it. */
  late: number;
  /** The stream ended before the answer. */
  lost: number;
}

interface Wait {
  readonly over: Promise<void>;
  readonly end: (how: keyof WaitCounts) => void;
}

/** A stream that has ended is most often followed by the next one within this: streams have an age, and replicas are replaced. */
const RETURN_MS = 2_000;
const PERIOD_MS = 60_000;
/** A key that nobody used for so long is let go. */
export const IDLE_PERIODS = 60;

/**
 * The interests of a running sidecar: asks for what is new, lets whoever needs an answer wait for it while there is a control
 * plane to give it, and forgets what nobody has used for an hour.
 */
export class Interests {
  readonly waits: WaitCounts = { answered: 0, late: 0, lost: 0 };
  readonly #book: InterestBook;
  readonly #waitMs: number;
  readonly #returnMs: number;
  readonly #own: readonly InterestKey[];
  readonly #waiting = new Map<Interest, Wait>();
  readonly #timer: NodeJS.Timeout;
  #send: ((changes: InterestChanges) => void) | undefined;
  /** Runs while a stream has ended and the next one is expected. */
  #returning: NodeJS.Timeout | undefined;
  #isSending = false;
  #arePinnedSettled = false;

  constructor({ waitMs, own, book, returnMs = RETURN_MS }: InterestsOptions) {
    this.#book = book ?? new InterestBook({ idlePeriods: IDLE_PERIODS });
    this.#waitMs = waitMs;
    this.#returnMs = returnMs;
    this.#own = own;
    this.#book.pin(own);
    this.#timer = setInterval(() => this.#tick(), PERIOD_MS).unref();
  }

  get book(): InterestBook {
    return this.#book;
  }

  /** Undefined: there is nothing to wait for. All who wait for one key share one promise, which never rejects. */
  settle(interest: Interest): Promise<void> | undefined {
    if (interest.isSettled) return undefined;
    this.#tell();
    const mayBeAnswered = this.#send !== undefined || this.#returning !== undefined;
    if (!mayBeAnswered || this.#waitMs === 0) return undefined;
    return (this.#waiting.get(interest) ?? this.#wait(interest)).over;
  }

  /** The same for all keys that are pinned. */
  settlePinned(): Promise<void> | undefined {
    if (this.#arePinnedSettled) return undefined;
    const open = this.#book.pinned().filter(({ isSettled }) => !isSettled);
    this.#arePinnedSettled = open.length === 0;
    const waits = open.flatMap((interest) => this.settle(interest) ?? []);
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined);
  }

  /** Pinned keys that are not answered yet. */
  unanswered(): readonly InterestKey[] {
    return this.#book.pinned().flatMap(({ key, isAnswered }) => (isAnswered ? [] : [key]));
  }

  /** Beside the sidecar's own keys, these are kept whether they are used or not. */
  keep(keys: readonly InterestKey[]): void {
    this.#book.pin([...this.#own, ...keys]);
    this.#arePinnedSettled = false;
    this.#tell();
  }

  /** The control plane is there: `send` takes changes from now on. */
  connected(send: (changes: InterestChanges) => void): void {
    this.#send = send;
    this.#endReturn();
    this.#tell();
  }

  /** Nobody can answer until the next stream; where it does not come soon, whoever waits goes on. */
  disconnected(): void {
    if (this.#send === undefined) return;
    this.#send = undefined;
    this.#returning = setTimeout(() => this.#lost(), this.#returnMs).unref();
  }

  get isConnected(): boolean {
    return this.#send !== undefined;
  }

  answered(keys: readonly InterestKey[]): void {
    for (const key of keys) {
      const interest = this.#book.get(key);
      if (interest === undefined) continue;
      interest.isAnswered = true;
      interest.isSettled = true;
      this.#waiting.get(interest)?.end('answered');
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.#send = undefined;
    this.#lost();
  }

  #lost(): void {
    this.#endReturn();
    for (const wait of [...this.#waiting.values()]) wait.end('lost');
  }

  #endReturn(): void {
    clearTimeout(this.#returning);
    this.#returning = undefined;
  }

  #wait(interest: Interest): Wait {
    let resolve = (): void => undefined;
    const over = new Promise<void>((done) => (resolve = done));
    const end = (how: keyof WaitCounts): void => {
      clearTimeout(timer);
      this.#waiting.delete(interest);
      this.waits[how] += 1;
      // Who asks for the same again does not wait a second time.
      if (how === 'late') interest.isSettled = true;
      resolve();
    };
    const timer = setTimeout(() => end('late'), this.#waitMs);
    const wait = { over, end };
    this.#waiting.set(interest, wait);
    return wait;
  }

  /** Once a turn, so that what comes together is asked for together. */
  #tell(): void {
    if (this.#send === undefined || this.#isSending) return;
    this.#isSending = true;
    queueMicrotask(() => {
      this.#isSending = false;
      if (this.#send === undefined) return;
      const changes = this.#book.takeChanges();
      if (changes.add.length > 0 || changes.remove.length > 0) this.#send(changes);
    });
  }

  #tick(): void {
    this.#book.tick();
    this.#tell();
  }
}
