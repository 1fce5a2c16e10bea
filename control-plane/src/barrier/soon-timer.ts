/** One thing that is done later, however often it is asked for. */
export class SoonTimer {
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #notBeforeMs = 0;
  #isClosed = false;

  /** Does it after `ms` at the latest; what was asked for sooner stays so. */
  within(ms: number, action: () => void): void {
    const due = Math.max(performance.now() + ms, this.#notBeforeMs);
    if (due < this.#dueMs) this.#set(due, action);
  }

  /** Does it then, whatever was asked for before. */
  at(inMs: number, action: () => void): void {
    this.#set(performance.now() + Math.max(0, inMs), action);
  }

  /** Nothing happens within `ms` from now. */
  rest(ms: number): void {
    this.#notBeforeMs = performance.now() + ms;
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  close(): void {
    this.clear();
    this.#isClosed = true;
  }

  #set(dueMs: number, action: () => void): void {
    this.clear();
    if (this.#isClosed) return;
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => {
      this.clear();
      action();
    }, dueMs - performance.now());
  }
}
