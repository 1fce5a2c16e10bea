import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { ListReason } from './kubernetes-metrics.ts';
import type { ReflectorTimes } from './reflector-times.ts';
import type { WatchOutcome } from './watch-session.ts';

/** What failed since the last success. */
export interface Troubles {
  readonly failures: number;
  /** Watches in a row that the server opened and that brought nothing before they broke. */
  readonly fruitless: number;
  /** Lists in a row whose version the watch after them found gone. */
  readonly gone: number;
}

export const NO_TROUBLES: Troubles = { failures: 0, fruitless: 0, gone: 0 };

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
  const { failures, gone } = wasHealthy(life, times) ? NO_TROUBLES : before;
  const fruitless = life.hasProgressed ? 0 : before.fruitless + Number(life.hasOpened);
  if (end === 'gone') {
    // A list need not wait because the server was away: only one that did not help the last time must.
    const pauseMs = gone === 0 ? 0 : pauseAfter(gone - 1, undefined, times, random);
    return { troubles: { failures: failures + 1, fruitless: 0, gone: gone + 1 }, pauseMs, list: 'gone' };
  }
  const isStuck = fruitless >= MAX_FRUITLESS || (end === 'silent' && fruitless > 0);
  return {
    troubles: { failures: failures + 1, fruitless: isStuck ? 0 : fruitless, gone },
    pauseMs: pauseAfter(failures, error?.retryAfterMs, times, random),
    // A watch that was silent from its beginning may be one from a version that the server has not reached: it says nothing then.
    ...(isStuck ? { list: 'stuck' as const } : {}),
  };
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
