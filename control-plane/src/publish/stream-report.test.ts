import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startDiscovery, type DiscoveryFixture } from '../testing/discovery-fixture.ts';
import { makeService } from '../testing/test-mesh.ts';
import { reportStreams, type StreamReport } from './stream-report.ts';

let fixture: DiscoveryFixture;

beforeEach(async () => {
  fixture = await startDiscovery();
});
afterEach(() => fixture.close());

const report = (atMs = Date.now()): StreamReport => reportStreams(fixture.publisher.streams(), atMs);

it('counts who has acknowledged all, and names who has not for a while', async () => {
  const [quick, slow] = [fixture.connect(), fixture.connect()];
  quick.hello({ pod: 'quick' });
  slow.hello({ pod: 'slow', version: '0.2.0' });
  await quick.take();
  await slow.next();
  await vi.waitFor(() => expect(report().inStep).toBe(1));
  expect(report().behind).toEqual([]);
  expect(report(Date.now() + 60_000)).toMatchObject({
    sidecars: 2,
    versions: { '0.1.0': 1, '0.2.0': 1 },
    behind: [{ pod: 'shop/slow' }],
  });
});

it('stays small whatever sidecars say', async () => {
  for (let number = 0; number < 30; number += 1) {
    const client = fixture.connect();
    client.hello({ version: number === 0 ? '__proto__' : `v${number}-${'x'.repeat(250)}` });
    await client.take();
  }
  const { versions } = report();
  expect(Object.values(versions).reduce((sum, count) => sum + count, 0)).toBe(30);
  expect(Object.keys(versions)).toHaveLength(21);
  expect(JSON.stringify(versions).length).toBeLessThan(5_000);
});

it('shows the first of many refusals', async () => {
  const client = fixture.connect();
  client.hello();
  await client.take();
  for (let number = 0; number < 12; number += 1) {
    fixture.mesh.put(makeService(`s${number}`));
    client.want(`host:s${number}`);
    const update = await client.next();
    client.send({
      kind: 'nack',
      nonce: update.nonce,
      problems: Array.from({ length: 30 }, () => ({ path: 'p'.repeat(400), message: 'm'.repeat(900) })),
    });
    await client.take();
  }
  const [rejected] = report().rejected;
  expect(rejected?.parts).toHaveLength(10);
  expect(rejected?.problems.map(({ length }) => length)).toEqual([200, 200, 200]);
});
