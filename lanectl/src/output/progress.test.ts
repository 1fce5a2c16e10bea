import { eventually } from '@lanekeeper/kubernetes/testing/eventually';
import { expect, it } from 'vitest';
import { createProgress } from './progress.ts';

it('says what is still waited for, and nothing of what was quick', async () => {
  const said: string[] = [];
  const begin = createProgress({ err: (text) => said.push(text) }, 5);
  begin('pods')();
  const done = begin('services');
  await eventually('it is said', () => said.length > 0);
  done();
  expect(said).toEqual(['still asking for services …\n']);
});
