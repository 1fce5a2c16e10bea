import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { ListReason } from './kubernetes-metrics.ts';
import type { ReflectorTimes } from './reflector-times.ts';
import type { WatchOutcome } from './watch-session.ts';

/** What failed since the last success. */
export interface Troubles {
  readonly failures: number;
  /** Watches in a row that the server opened and that brought nothing before they broke. */
  readonly fruitless: number;
}

export const NO_TROUBLES: Troubles = { failures: 0, fruitless: 0 };

export interface WatchLife {
  readonly outcome: WatchOutcome;
  readonly livedMs: number;
  readonly hasOpened: boolean;
  /** Whether an event or a bookmark came. */
  readonly hasProgressed: boolean;
}

export interface NextStep {
  readonly troubles: Troubles;
  readonly pauseMs: number;
  /** Absent: go on from where the watch ended. */
  readonly list?: ListReason;
}

/** An end in order sooner than this is none: a server that drains closes new watches at once. */
const ORDERLY_MS = 1_000;
/** From then on what stands at our version is taken to be what breaks the watch. */
const MAX_FRUITLESS = 3;
/** A server that asks for more does not mean a watch. */
const MAX_RETRY_AFTER_MS = 60_000;

/** What to do once a watch is over. */
export function afterWatch(
  life: WatchLife,
  before: Troubles,
  times: ReflectorTimes,
  random: () => number,
): NextStep {
  const { end, error } = life.outcome;
  if (end === 'missed' || (end === 'ended' && life.livedMs >= ORDERLY_MS)) {
    return { troubles: NO_TROUBLES, pauseMs: 0 };
  }
  const failures = wasHealthy(life, times) ? 0 : before.failures;
  const fruitless = life.hasProgressed ? 0 : before.fruitless + Number(life.hasOpened);
  const isStuck = fruitless >= MAX_FRUITLESS;
  const troubles = { failures: failures + 1, fruitless: isStuck ? 0 : fruitless };
  // The first list after a version has expired need not wait: nothing is wrong with the server.
  if (end === 'gone' && failures === 0) return { troubles, pauseMs: 0, list: 'gone' };
  const pauseMs = pauseAfter(failures, error?.retryAfterMs, times, random);
  if (end === 'gone') return { troubles, pauseMs, list: 'gone' };
  return { troubles, pauseMs, ...(isStuck ? { list: 'stuck' as const } : {}) };
}

/** What brought something for a while worked; what was only open must have been so for longer. */
function wasHealthy({ livedMs, hasProgressed }: WatchLife, { healthyMs }: ReflectorTimes): boolean {
  return livedMs >= (hasProgressed ? Math.min(ORDERLY_MS, healthyMs) : healthyMs);
}

/** At least what the server asks for. */
export function pauseAfter(
  failures: number,
  retryAfterMs: number | undefined,
  times: ReflectorTimes,
  random: () => number,
): number {
  const pause = backoffMs(failures, { baseMs: times.backoffBaseMs, maxMs: times.backoffMaxMs, random });
  return Math.max(pause, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}
