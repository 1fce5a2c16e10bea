import { afterAll, describe, expect, it } from 'vitest';
import { INJECTOR, scaleSystem } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { chainOfLanes, CHAIN_DEPLOYMENTS, lane, laneGroup, statusOf } from './harness/lanes.ts';
import { useSpace } from './harness/space.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

const RULES = { entries: ['a'], match: [{ headers: { 'x-user-id': { exact: '1001' } } }] };
/** The schema lets it through; only the webhook knows RE2. */
const WRONG = { entries: ['a'], match: [{ headers: { 'x-user-id': { regex: '(?=gray)' } } }], ttl: '0s' };
const GRAY = { 'x-user-id': '1001' };

describe('a lane whose webhook is down', () => {
  const space = useSpace('unchecked');
  let outside: Client;

  space.setUp(async () => {
    await space.apply(...chainOfLanes(), laneGroup('demo', ['a', 'b', 'c']), lane('gray', 'demo', RULES));
    outside = await startClient(space, 'outside', { injected: false });
    await space.rolledOut(...CHAIN_DEPLOYMENTS);
    await eventually(async () => expect(await answer(GRAY)).toBe('Agray -> Bgray -> Cgray'));
  });
  afterAll(() => scaleSystem(INJECTOR, 1));

  async function answer(headers: Readonly<Record<string, string>>): Promise<string> {
    const { text } = await outside.ask({ url: 'http://a:8080/', headers });
    return text.replaceAll(/\[[\d.]+\]/g, '');
  }

  async function conditionOf(type: string): Promise<Condition | undefined> {
    const { conditions = [] } = await statusOf(space.name, 'lane', 'gray');
    return (conditions as readonly Condition[]).find((each) => each.type === type);
  }

  it('says in its status what it leads to, and that all sidecars of its group run it', async () => {
    await eventually(async () => {
      const status = await statusOf(space.name, 'lane', 'gray');
      expect(status).toMatchObject({ endpoints: { a: 1, b: 1, c: 1 } });
      // Six pods of the chain.
      expect(status['acknowledged']).toBe('6/6');
    });
    expect(await conditionOf('Ready')).toMatchObject({ status: 'True' });
    const group = await statusOf(space.name, 'lanegroup', 'demo');
    expect(group['members']).toHaveLength(3);
  });

  it('is refused while it is up, with all that is wrong and where', async () => {
    const refused = space.apply(lane('gray', 'demo', WRONG));
    await expect(refused).rejects.toThrow(/spec\.match\[0\]\.headers\.x-user-id\.regex: /);
    await expect(space.apply(lane('gray', 'demo', WRONG))).rejects.toThrow(/spec\.ttl: expected a duration/);
  });

  it('gets in wrong while nobody checks it, and is not in force: its last good generation is', async () => {
    const { generation } = await statusOf(space.name, 'lane', 'gray');
    await scaleSystem(INJECTOR, 0);
    await space.apply(lane('gray', 'demo', WRONG));
    const { message = '' } = await eventually(async () => {
      const condition = await conditionOf('Accepted');
      expect(condition).toMatchObject({ status: 'False', reason: 'Invalid' });
      return condition ?? { message: '' };
    });
    expect(message).toContain('spec.match[0].headers.x-user-id.regex: ');
    expect(message).toContain('spec.ttl: expected a duration');
    expect(await statusOf(space.name, 'lane', 'gray')).toMatchObject({ generation });
    expect(await answer(GRAY)).toBe('Agray -> Bgray -> Cgray');
    expect(await answer({})).toBe('A -> B -> C');
  });

  it('is in force again as soon as it is right', async () => {
    const rules = { entries: ['a'], match: [{ headers: { 'x-user-id': { exact: '1002' } } }] };
    await space.apply(lane('gray', 'demo', rules));
    await eventually(async () => {
      expect(await answer({ 'x-user-id': '1002' })).toBe('Agray -> Bgray -> Cgray');
      expect(await answer(GRAY)).toBe('A -> B -> C');
    });
    await eventually(async () => expect(await conditionOf('Accepted')).toMatchObject({ status: 'True' }));
  });
});
