import { describe, expect, it } from 'vitest';
import { addressesIn, namesIn } from './harness/chain.ts';
import { startClient, type Client } from './harness/client.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import { useSpace } from './harness/space.ts';

const REQUESTS = 20_000;
const LOADS = { kept: true, fresh: false };

describe('a rolling restart of B under load', () => {
  const space = useSpace('rolling');
  let client: Client;

  space.setUp(async () => {
    await space.apply(service('b', { http: 8080 }), deployment('b', chainApp('B', { replicas: 2 })));
    client = await startClient(space, 'client', { injected: true });
    await space.rolledOut('b');
  });

  it(`loses none of ${REQUESTS} requests, on kept and on fresh connections`, async () => {
    for (const [name, keepAlive] of Object.entries(LOADS))
      await client.start({ name, url: 'http://b:8080/', concurrency: 4, keepAlive });
    for (const name of Object.keys(LOADS)) await client.reached(name, 100);
    await space.kubectl('rollout', 'restart', 'deployment/b');
    await space.rolledOut('b');
    await space.kubectl('rollout', 'restart', 'deployment/b');
    await space.rolledOut('b');
    for (const name of Object.keys(LOADS)) await client.reached(name, REQUESTS / 2, 600);
    const reports = await Promise.all(Object.keys(LOADS).map((name) => client.stop(name)));
    for (const { errors, answers, slowestMs, ended } of reports) {
      process.stdout.write(`${ended} requests, the slowest took ${slowestMs} ms\n`);
      expect(errors).toEqual({});
      expect(namesIn(answers)).toEqual(['B']);
      // Two pods before, two between, two after.
      expect(addressesIn(answers, 'B').size).toBe(6);
    }
  }, 900_000);
});
