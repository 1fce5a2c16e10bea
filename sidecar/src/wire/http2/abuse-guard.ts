/** A client may reset this many young streams before it is judged. */
const RESETS_ALLOWED = 500;
/** A stream reset sooner than this, and before any answer, costs us work and the client nothing. */
const YOUNG_MS = 1_000;
/** PINGs and SETTINGS beyond a steady rate: gRPC measures bandwidth with PINGs, some dozens a second under load. */
const CONTROL_BURST = 2_000;
const CONTROL_PER_SECOND = 200;

/** Judges one connection by what it does; every method answers whether it has gone too far. */
export interface AbuseGuard {
  streamOpened(): void;
  /** A stream was reset by the client before it was answered. */
  streamReset(ageMs: number): boolean;
  /** A PING or SETTINGS frame came. */
  control(nowMs: number): boolean;
}

/**
 * Bounds of rapid reset (CVE-2023-44487) and of control-frame floods. Resets count against the streams of the same connection,
 * so a client that cancels a few of many calls is never cut off (Envoy's premature-reset rule).
 */
export function createAbuseGuard(): AbuseGuard {
  let opened = 0;
  let resets = 0;
  let tokens = CONTROL_BURST;
  let refilledAt = 0;
  return {
    streamOpened() {
      opened += 1;
    },
    streamReset(ageMs) {
      if (ageMs > YOUNG_MS) return false;
      resets += 1;
      const isTooMuch = resets >= RESETS_ALLOWED && resets * 2 > opened;
      if (resets >= RESETS_ALLOWED) {
        // Old sins fade, so that a long-lived connection is judged by what it does now.
        resets /= 2;
        opened /= 2;
      }
      return isTooMuch;
    },
    control(nowMs) {
      tokens = Math.min(CONTROL_BURST, tokens + ((nowMs - refilledAt) / 1_000) * CONTROL_PER_SECOND);
      refilledAt = nowMs;
      tokens -= 1;
      return tokens < 0;
    },
  };
}
