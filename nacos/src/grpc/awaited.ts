/** A promise that is made anew when what it told is over. Nobody has to look at its failures. */
export class Awaited<T> {
  #settlers: PromiseWithResolvers<T> = pending();

  get promise(): Promise<T> {
    return this.#settlers.promise;
  }

  /** For those who wait, and those who come. */
  resolve(value: T): void {
    this.#settlers.resolve(value);
    this.#settlers = pending();
    this.#settlers.resolve(value);
  }

  reject(error: Error): void {
    this.#settlers.reject(error);
    this.#settlers = pending();
    this.#settlers.reject(error);
  }

  /** Those who come have to wait. */
  reset(): void {
    this.#settlers = pending();
  }
}

function pending<T>(): PromiseWithResolvers<T> {
  const settlers = Promise.withResolvers<T>();
  settlers.promise.catch(() => undefined);
  return settlers;
}
