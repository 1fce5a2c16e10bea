import { type InFlightView, SEVERAL } from './evidence.ts';

/** Counts the inbound requests in flight by lane. Every `enter` is paired with one `leave`. */
export class InFlightLanes implements InFlightView {
  readonly #counts = new Map<string, number>();
  #verdict: string | undefined = undefined;

  /** An inbound request of `lane` (or `base`) goes to the application. */
  enter(lane: string): void {
    const count = this.#counts.get(lane) ?? 0;
    this.#counts.set(lane, count + 1);
    if (count === 0) this.#verdict = this.#counts.size === 1 ? lane : SEVERAL;
  }

  /** It is over. A lane of which none is in flight is left alone. */
  leave(lane: string): void {
    const count = this.#counts.get(lane);
    if (count === undefined) return;
    if (count > 1) {
      this.#counts.set(lane, count - 1);
      return;
    }
    this.#counts.delete(lane);
    if (this.#counts.size <= 1) this.#verdict = this.#counts.keys().next().value;
  }

  verdict(): string | undefined {
    return this.#verdict;
  }
}
