import { setTimeout as sleep } from 'node:timers/promises';
import { isConflict } from '@lanekeeper/kubernetes/api-error';
import { backoffMs } from '@lanekeeper/runtime/backoff';
import type { Log } from '@lanekeeper/runtime/log';

export interface LeaderWorkOptions {
  /** For the log. */
  readonly name: string;
  readonly log: Log;
  /** Does one thing, and says whether there may be another at once. */
  readonly round: () => Promise<'again' | 'done'>;
  /** Between two looks when nobody wakes it. */
  readonly everyMs: number;
}

/** Work that one replica does at a time: round after round for as long as its term lasts. */
export interface LeaderWork {
  /** Something has changed: look now. */
  wake(): void;
  /** Resolves when the term has ended and no round runs any more. Never rejects: what fails is logged and tried again. */
  run(term: AbortSignal): Promise<void>;
}

const RETRY = { baseMs: 500, maxMs: 30_000 };

export function createLeaderWork(options: LeaderWorkOptions): LeaderWork {
  let awaken = Promise.withResolvers<void>();
  return {
    wake: () => awaken.resolve(),
    async run(term) {
      let failures = 0;
      while (!term.aborted) {
        awaken = Promise.withResolvers<void>();
        const outcome = await attempt(options);
        failures = outcome === 'failed' ? failures + 1 : 0;
        if (outcome === 'again') continue;
        const pauseMs = outcome === 'failed' ? backoffMs(failures, RETRY) : options.everyMs;
        // After a failure a change does not wake it: what fails might be what changes.
        await pause(pauseMs, outcome === 'failed' ? [] : [awaken.promise], term);
      }
    },
  };
}

async function attempt({ name, log, round }: LeaderWorkOptions): Promise<'again' | 'done' | 'failed'> {
  try {
    return await round();
  } catch (error) {
    // Somebody else has written first; what they wrote is read next.
    if (isConflict(error)) log.debug({ work: name }, 'leader_work_conflict');
    else log.warn({ err: error, work: name }, 'leader_work_failed');
    return 'failed';
  }
}

async function pause(ms: number, sooner: readonly Promise<void>[], term: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([term, ended.signal]);
  try {
    await Promise.race([sleep(ms, undefined, { signal }), ...sooner]);
  } catch {
    // The term has ended.
  } finally {
    ended.abort();
  }
}
