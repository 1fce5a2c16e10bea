/** Time as an exchange needs it; a test passes its own. */
export interface Clock {
  /** Milliseconds that only ever grow, with fractions: for durations. */
  monotonicMs(): number;
  /** Milliseconds since 1970: for people and spans. */
  wallMs(): number;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};
