import type { Limits } from '../../config.ts';

/** Generous enough for every test that is not about a limit. */
export const LIMITS: Limits = {
  connectTimeoutMs: 2_000,
  headTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  responseTimeoutMs: 0,
  drainDelayMs: 0,
  drainTimeoutMs: 5_000,
  maxHeadBytes: 65_536,
  maxConnections: 1_000,
};
