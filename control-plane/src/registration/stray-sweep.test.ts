import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { describe, expect, it, vi } from 'vitest';
import { instanceAt, readClient, type Stored } from './read-client.fixture.ts';
import type { PlannedRegistration } from './registration-plan.ts';
import { sweepStrays, type SweepOptions } from './stray-sweep.ts';

const STORED: Stored = {
  a: [instanceAt('10.0.0.1', { owner: 'us' }), instanceAt('10.0.0.2', {})],
  b: [instanceAt('10.0.0.3', { owner: 'us' })],
};

function start(more: Partial<SweepOptions> = {}) {
  const withdrawn: string[] = [];
  const log = createRecordingLog();
  let closed = 0;
  const options: SweepOptions = {
    places: [{ place: { registry: 'main', namespace: '' }, groups: ['DEFAULT_GROUP', 'G'] }],
    open: () => readClient(() => STORED, { onClose: () => (closed += 1) }),
    isStray: ({ registration }) => registration.metadata['owner'] === 'us',
    withdraw: ({ registration }: PlannedRegistration) => {
      withdrawn.push(`${registration.service.group} ${registration.service.name} ${registration.ip}`);
      return Promise.resolve();
    },
    ...{ log, retry: { baseMs: 1, maxMs: 1 } },
    ...more,
  };
  return { withdrawn, log, options, closed: () => closed };
}

describe('what nobody remembers', () => {
  it('is taken out of Nacos, and nothing else is', async () => {
    const { withdrawn, log, options, closed } = start();
    await sweepStrays(options, new AbortController().signal);
    expect(withdrawn).toEqual(['DEFAULT_GROUP a 10.0.0.1', 'DEFAULT_GROUP b 10.0.0.3']);
    expect(log.events.map(({ event }) => event)).toEqual(['nacos_stray_withdrawn', 'nacos_stray_withdrawn']);
    expect(closed()).toBe(1);
  });

  it('is looked for until the server answers, and its silence is said once', async () => {
    let left = 3;
    const failure = (): Error | undefined => (left > 0 ? new Error(`away ${(left -= 1)}`) : undefined);
    const { withdrawn, log, options } = start({ open: () => readClient(() => STORED, { failure }) });
    await sweepStrays(options, new AbortController().signal);
    expect(withdrawn).toHaveLength(2);
    expect(log.events.filter(({ event }) => event === 'nacos_sweep_failed')).toHaveLength(1);
  });

  it('is looked for once the server is reached, without a word', async () => {
    const { promise: connects, resolve } = Promise.withResolvers<void>();
    const { withdrawn, log, options } = start({ open: () => readClient(() => STORED, { connects }) });
    const sweeping = sweepStrays(options, new AbortController().signal);
    expect(withdrawn).toEqual([]);
    resolve();
    await sweeping;
    expect(withdrawn).toHaveLength(2);
    expect(log.events.map(({ event }) => event)).not.toContain('nacos_sweep_failed');
  });

  it('is not waited for when the server is never reached within the term', async () => {
    const term = new AbortController();
    const connects = new Promise<void>(() => undefined);
    const { withdrawn, options } = start({ open: () => readClient(() => STORED, { connects }) });
    const sweeping = sweepStrays(options, term.signal);
    term.abort();
    await sweeping;
    expect(withdrawn).toEqual([]);
  });

  it('is nobody’s business any more when the term is over', async () => {
    const term = new AbortController();
    const failure = vi.fn(() => new Error('away'));
    const { withdrawn, options, closed } = start();
    const away = start({
      open: () => readClient(() => STORED, { failure }),
      retry: { baseMs: 60_000, maxMs: 60_000 },
    });
    const sweeping = sweepStrays(away.options, term.signal);
    await vi.waitFor(() => expect(failure).toHaveBeenCalled());
    term.abort();
    await sweeping;
    await sweepStrays(options, term.signal);
    expect([...withdrawn, ...away.withdrawn]).toEqual([]);
    expect(closed()).toBe(0);
  });
});
