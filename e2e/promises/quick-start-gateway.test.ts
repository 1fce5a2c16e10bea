import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../cluster/layout.ts';
import { installChart } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { GATEWAY, WITH_GATEWAY } from './harness/lanes.ts';
import { useSpace } from './harness/space.ts';

/** What the guide tells a reader to ask at the gateway, and the answer that it says comes of it. */
const ASKED = /^curl (.*?) localhost:8080\/ +# (.*)$/gm;
const HEADER = /-H '([^:]+): ([^']+)'/g;

describe('the quick start through the gateway', () => {
  const space = useSpace('quick-gateway');
  const guide = readFileSync(join(ROOT, 'docs', 'quick-start.md'), 'utf8');
  const asked = [...guide.matchAll(ASKED)].map(([, options = '', answer = '']) => ({
    answer,
    headers: Object.fromEntries(
      [...options.matchAll(HEADER)].map(([, name = '', value = '']) => [name.toLowerCase(), value]),
    ),
  }));
  let outside: Client;

  space.setUp(() => installChart(...WITH_GATEWAY));
  space.setUp(async () => {
    for (const file of ['quick-start.yaml', 'quick-start-gateway.yaml'])
      await space.kubectl('apply', '--filename', join(ROOT, 'docs', file));
    outside = await startClient(space, 'outside', { injected: false });
    await space.rolledOut('a', 'a-gray', 'b', 'c', 'c-gray');
  });
  afterAll(() => installChart());

  it('asks twice, as anybody and as one of the lane', () => {
    expect(asked.map(({ answer }) => answer)).toEqual(['A -> B -> C', 'Agray -> B -> Cgray']);
  });

  it.each(asked)('answers $answer for $headers', async ({ headers, answer }) => {
    await eventually(async () => {
      const { text } = await outside.ask({ url: `${GATEWAY}/`, headers });
      expect(text.trim()).toBe(answer);
    });
  });
});
