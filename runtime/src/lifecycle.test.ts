import { EventEmitter } from 'node:events';
import { afterEach, expect, test, vi } from 'vitest';
import { ConfigError } from './env.ts';
import { runProgram, type Lifecycle, type Phase, type Program } from './lifecycle.ts';
import type { Log } from './log.ts';

afterEach(() => void vi.useRealTimers());

interface Harness {
  readonly signals: EventEmitter;
  readonly seen: string[];
  readonly complaints: string[];
  readonly phase: () => Phase | undefined;
  readonly stop: (reason: string) => void;
  readonly exit: Promise<number>;
}

function run(parts: Partial<Program> = {}, build?: () => Program): Harness {
  const signals = new EventEmitter();
  const seen: string[] = [];
  const complaints: string[] = [];
  let life: Lifecycle | undefined;
  const note = (_: unknown, event: string): void => void seen.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const program: Program = {
    log,
    drainTimeoutMs: 60_000,
    start: async () => void seen.push('start()'),
    drain: async () => void seen.push('drain()'),
    close: () => void seen.push('close()'),
    ...parts,
  };
  const exit = runProgram({
    build(lifecycle) {
      life = lifecycle;
      return build?.() ?? program;
    },
    signals,
    complain: (text) => complaints.push(text),
  });
  const phase = (): Phase | undefined => life?.phase();
  return { signals, seen, complaints, phase, stop: (reason) => life?.stop(reason), exit };
}

const never = (): Promise<never> => new Promise(() => undefined);

test('goes from start to ready, drains on SIGTERM and ends with 0', async () => {
  const { signals, seen, phase, exit } = run();
  await vi.waitUntil(() => phase() === 'ready');
  signals.emit('SIGTERM', 'SIGTERM');
  expect(await exit).toBe(0);
  expect(seen).toEqual(['start()', 'ready', 'draining', 'drain()', 'close()', 'closed']);
  expect(phase()).toBe('closed');
  expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
});

test('drains when it is asked from inside', async () => {
  const { seen, phase, stop, exit } = run();
  await vi.waitUntil(() => phase() === 'ready');
  stop('admin');
  stop('admin again');
  expect(await exit).toBe(0);
  expect(seen.filter((event) => event === 'drain()')).toHaveLength(1);
});

test('closes and ends with 1 when the drain outlasts its deadline', async () => {
  vi.useFakeTimers();
  const { signals, seen, phase, exit } = run({ drain: never });
  await vi.waitUntil(() => phase() === 'ready');
  signals.emit('SIGTERM', 'SIGTERM');
  await vi.waitUntil(() => phase() === 'draining');
  await vi.advanceTimersByTimeAsync(50_000);
  expect(phase()).toBe('draining');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await exit).toBe(1);
  expect(seen.slice(-3)).toEqual(['drain_deadline_passed', 'close()', 'closed']);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
])('ends at once on a second signal, %s, even when closing hangs', async (second, code) => {
  const close = vi.fn(never);
  const { signals, phase, exit } = run({ drain: never, close });
  await vi.waitUntil(() => phase() === 'ready');
  signals.emit('SIGTERM', 'SIGTERM');
  await vi.waitUntil(() => phase() === 'draining');
  signals.emit(second, second);
  expect(await exit).toBe(code);
  expect(close).toHaveBeenCalledOnce();
});

test('closes without draining when it is stopped before it is ready', async () => {
  const { signals, seen, phase, exit } = run({ start: never });
  await vi.waitUntil(() => phase() === 'starting');
  signals.emit('SIGINT', 'SIGINT');
  expect(await exit).toBe(0);
  expect(seen).toEqual(['close()', 'closed']);
});

test('ends with 1, says why and closes what was opened when the start fails', async () => {
  const { complaints, seen, exit } = run({ start: () => Promise.reject(new Error('address in use')) });
  expect(await exit).toBe(1);
  expect(complaints.join('')).toContain('failed while starting: Error: address in use');
  expect(seen).toContain('close()');
});

test('ends with 64 and prints every problem aligned when the configuration is bad', async () => {
  const { complaints, exit } = run({}, () => {
    throw new ConfigError([
      { path: 'A', message: 'first' },
      { path: 'LONGER', message: 'second' },
    ]);
  });
  expect(await exit).toBe(64);
  expect(complaints).toEqual(['The configuration has 2 problems:\n  A       first\n  LONGER  second\n']);
});
