import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

type Child = ChildProcessByStdio<null, Readable, Readable>;

function start(...args: string[]): Child {
  const program = fileURLToPath(new URL('./testdata/program.ts', import.meta.url));
  return spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function lineWith(lines: AsyncIterator<string>, event: string): Promise<Record<string, unknown>> {
  for (;;) {
    const next = await lines.next();
    if (next.done === true) throw new Error(`the program ended before ${event}`);
    const line: Record<string, unknown> = JSON.parse(next.value);
    if (line['event'] === event) return line;
  }
}

test('a process finishes the request in flight after SIGTERM, logs its end and exits with 0', async () => {
  const child = start('good');
  const closed = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { address } = await lineWith(lines, 'listening');
  const { port } = address as { port: number };
  await lineWith(lines, 'ready');
  const slow = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
  slow.write('half');
  const [response] = await once(slow, 'response');
  child.kill('SIGTERM');
  await lineWith(lines, 'draining');
  slow.end('rest');
  expect(await text(response)).toBe('started finished');
  await lineWith(lines, 'closed');
  expect(await closed).toEqual([0, null]);
});

test('a process with a bad configuration exits with 64 and every problem on standard error', async () => {
  const child = start('bad');
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(code).toBe(64);
  expect(stderr).toBe(
    'The configuration has 2 problems:\n  APP_PORT            expected a port\n  APP_LISTEN_ADDRESS  expected an address\n',
  );
});
