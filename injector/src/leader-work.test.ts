import { ApiError } from '@lanekeeper/kubernetes/api-error';
import { describe, expect, it, vi } from 'vitest';
import { createLeaderWork } from './leader-work.ts';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';

const HOUR = 3_600_000;

/** Work whose rounds are as given, the last one again and again. */
function workOf(...outcomes: readonly (() => 'again' | 'done')[]) {
  const log = createRecordingLog();
  let rounds = 0;
  const work = createLeaderWork({
    name: 'work',
    log,
    everyMs: HOUR,
    round: async () => {
      const outcome = outcomes[Math.min(rounds, outcomes.length - 1)];
      rounds++;
      return Promise.resolve(outcome?.() ?? 'done');
    },
  });
  const term = new AbortController();
  return { work, log, term, run: work.run(term.signal), rounds: () => rounds };
}

describe('work of the leader', () => {
  it('goes on while there is more, then waits until it is woken', async () => {
    const { work, term, run, rounds } = workOf(
      () => 'again',
      () => 'again',
      () => 'done',
    );
    await vi.waitFor(() => expect(rounds()).toBe(3));
    work.wake();
    await vi.waitFor(() => expect(rounds()).toBe(4));
    term.abort();
    await run;
    work.wake();
    expect(rounds()).toBe(4);
  });

  it('does not miss what changes during a round', async () => {
    const during = Promise.withResolvers<void>();
    const seen: string[] = [];
    const work = createLeaderWork({
      name: 'work',
      log: createRecordingLog(),
      everyMs: HOUR,
      round: async () => {
        seen.push('round');
        await during.promise;
        return 'done';
      },
    });
    const term = new AbortController();
    const run = work.run(term.signal);
    work.wake();
    during.resolve();
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    term.abort();
    await run;
  });

  it('is tried again when it fails, and says what failed', async () => {
    const { log, term, run, rounds } = workOf(
      () => {
        throw new Error('no');
      },
      () => 'done',
    );
    await vi.waitFor(() => expect(rounds()).toBe(2), 5_000);
    expect(log.events).toContainEqual({ event: 'leader_work_failed', fields: expect.anything() });
    term.abort();
    await run;
  });

  it('takes it as no failure that somebody else has written first', async () => {
    const { log, term, run, rounds } = workOf(
      () => {
        throw new ApiError('409', { code: 'refused', status: 409, reason: 'Conflict' });
      },
      () => 'done',
    );
    await vi.waitFor(() => expect(rounds()).toBe(2), 5_000);
    expect(log.events.map(({ event }) => event)).toEqual(['leader_work_conflict']);
    term.abort();
    await run;
  });

  it('does nothing in a term that is over', async () => {
    const { work, rounds, term, run } = workOf(() => 'done');
    term.abort();
    await run;
    const before = rounds();
    await work.run(AbortSignal.abort());
    expect(rounds()).toBe(before);
  });
});
