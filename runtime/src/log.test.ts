import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createLogger, type LogLevel, type RootLog } from './log.ts';

function captured(level: LogLevel): { log: RootLog; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const log = createLogger({
    level,
    name: 'demo',
    destination: { write: (line) => void written.push(line) },
  });
  return { log, lines: () => written.map((line) => JSON.parse(line)) };
}

test('writes one JSON line with time, level, name, event and fields', () => {
  const { log, lines } = captured('info');
  log.warn({ port: 80, err: new Error('boom') }, 'listen_failed');
  expect(lines()).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      name: 'demo',
      event: 'listen_failed',
      port: 80,
      err: expect.objectContaining({ message: 'boom', stack: expect.any(String) }),
    },
  ]);
});

test('changes its level while it runs', () => {
  const { log, lines } = captured('info');
  log.debug({}, 'hidden');
  log.setLevel('debug');
  log.debug({}, 'shown');
  log.setLevel('error');
  log.warn({}, 'hidden');
  expect(lines().map((line) => line['event'])).toEqual(['shown']);
  expect(log.level()).toBe('error');
});

test('hides secrets wherever they stand, in any case, and leaves the caller’s object alone', () => {
  const { log, lines } = captured('info');
  const headers = { Authorization: 'Bearer x', cookie: 'a=b', 'set-cookie': ['c=d'], accept: '*/*' };
  log.info({ token: 't', request: { headers, list: [{ password: 'p' }] } }, 'seen');
  expect(JSON.stringify(lines())).not.toMatch(/Bearer|a=b|c=d|"t"|"p"/);
  expect(lines()[0]).toMatchObject({ request: { headers: { accept: '*/*', cookie: '[redacted]' } } });
  expect(headers.cookie).toBe('a=b');
});

test.each(['exit', 'throw'])('loses no line when the process ends by %s', async (ending) => {
  const program = fileURLToPath(new URL('./testdata/log-and-end.ts', import.meta.url));
  const child = spawn(process.execPath, [program, ending], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const numbers = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).number);
  expect(numbers).toEqual(Array.from({ length: 5000 }, (_, number) => number));
});

test('goes on while nobody reads its output', async () => {
  const program = fileURLToPath(new URL('./testdata/log-to-nobody.ts', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const [message] = await once(child, 'message');
  expect(message).toMatchObject({ rounds: 100 });
  child.kill('SIGKILL');
  await once(child, 'exit');
});

// Linux has a file that is a full disk.
test.runIf(existsSync('/dev/full'))(
  'goes on, and ends, while the disk under its output is full',
  async () => {
    const program = fileURLToPath(new URL('./testdata/log-to-nobody.ts', import.meta.url));
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [program], { stdio: ['ignore', full, 'inherit', 'ipc'] });
    closeSync(full);
    onTestFinished(() => void child.kill('SIGKILL'));
    const [message] = await once(child, 'message');
    expect(message).toMatchObject({ rounds: 100 });
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  },
);
