import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../cluster/layout.ts';
import { useSpace } from './harness/space.ts';

/** What the README tells a reader to ask, and the answer that it says comes of it. */
const ASKED = /^kubectl -n shop exec deployment\/client -- (.*?) +# (.*)$/gm;

describe('the quick start of the README', () => {
  const space = useSpace('quick-start');
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const asked = [...readme.matchAll(ASKED)].map(([, command = '', answer = '']) => ({ command, answer }));

  space.setUp(async () => {
    await space.kubectl('apply', '--filename', join(ROOT, 'docs', 'quick-start.yaml'));
    await space.rolledOut('a', 'a-gray', 'b', 'c', 'c-gray', 'client');
  });

  it('asks twice, without a lane and in one', () => {
    expect(asked.map(({ answer }) => answer)).toEqual(['A -> B -> C', 'Agray -> B -> Cgray']);
  });

  it.each(asked)('$command answers $answer', async ({ command, answer }) => {
    const said = await space.kubectl('exec', 'deployment/client', '--', ...command.split(' '));
    expect(said.trim()).toBe(answer);
  });
});
