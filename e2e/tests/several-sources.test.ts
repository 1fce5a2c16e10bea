import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiscoveryClient } from '@lanekeeper/control-plane/testing/discovery-client';
import { HttpNacos } from '@lanekeeper/nacos/testing/http-nacos';
import type { InterestKey, Update } from '@lanekeeper/protocol/discovery';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster, type Replica } from '../harness/fake-cluster.ts';

const CA = readFileSync(new URL('../../sidecar/src/discovery/testdata/ca.crt', import.meta.url), 'utf8');
const BRIEF_WAIT = { timeout: 60_000 };

describe('a control plane of a cluster and of Nacos', () => {
  let folder: string;
  let cluster: FakeCluster;
  let nacos: HttpNacos;
  let client: DiscoveryClient | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-several-'));
    cluster = await startFakeCluster();
    nacos = await new HttpNacos().start();
    const servers = `servers: ["${formatAddress(nacos.address)}"]`;
    writeFileSync(
      join(folder, 'nacos.yaml'),
      `registries: [{name: main, ${servers}, protocol: http, namespaces: [{meshNamespace: ${SHOP}}]}]`,
    );
    writeFileSync(
      join(folder, 'mesh.yaml'),
      'groups: [{name: demo, services: [shop/b]}]\nlanes: [{name: gray, group: demo}]',
    );
    cluster.putPod('caller', { address: '10.0.0.9' });
    cluster.putPod('b-gray', { address: '10.0.0.2', labels: { 'lanekeeper.io/lane': 'gray' } });
    nacos.services.instances.set('DEFAULT_GROUP@@b', [
      { ip: '10.0.0.1', port: 8080 },
      { ip: '10.0.0.2', port: 8080 },
    ]);
  });
  afterEach(async () => {
    client?.close();
    client = undefined;
    await cluster.close();
    await nacos.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (): Promise<Replica> =>
    cluster.startReplica('cp-1', {
      source: 'kubernetes,nacos,file',
      nacosFile: join(folder, 'nacos.yaml'),
      meshFile: join(folder, 'mesh.yaml'),
    });

  async function connect({ port }: Replica): Promise<DiscoveryClient> {
    client = new DiscoveryClient({ port, ca: CA, token: cluster.tokenOf('caller') });
    client.hello({ pod: 'caller', namespace: SHOP });
    expect((await client.take()).mesh?.value.groups).toMatchObject([{ name: 'demo' }]);
    return client;
  }

  const told = ({ services }: Update): readonly string[] =>
    services.flatMap(({ id, value }) =>
      value.endpoints.map(({ address, lane = 'base', healthy }) => `${id} ${address} ${lane} ${healthy}`),
    );

  /** What a sidecar has been told when it is told that this is all that there is of `key`. */
  async function answerTo(key: InterestKey, sidecar: DiscoveryClient): Promise<readonly string[]> {
    const known: string[] = [];
    for (;;) {
      const update = await sidecar.take();
      known.push(...told(update));
      if (update.answered.includes(key)) return known;
    }
  }

  /** Of the next update that has services; one may be about lanes only. */
  async function nextTold(sidecar: DiscoveryClient): Promise<readonly string[]> {
    for (;;) {
      const services = told(await sidecar.take());
      if (services.length > 0) return services;
    }
  }

  it('tells what Nacos knows by address with the lanes that the cluster knows of the pods there', async () => {
    const sidecar = await connect(await start());
    sidecar.want('ip:10.0.0.1');
    expect(await nextTold(sidecar)).toEqual(['shop/b 10.0.0.1 base true', 'shop/b 10.0.0.2 gray true']);
    nacos.services.instances.set('DEFAULT_GROUP@@b', [{ ip: '10.0.0.2', port: 8080 }]);
    expect(await nextTold(sidecar)).toEqual(['shop/b 10.0.0.2 gray true']);
    cluster.putPod('b-gray', { address: '10.0.0.2' });
    expect(await nextTold(sidecar)).toEqual(['shop/b 10.0.0.2 base true']);
  });

  it('looks for an address at the first call, though its own sidecar asked for it before it was registered', async () => {
    const replica = await start();
    const caller = await connect(replica);
    const callee = new DiscoveryClient({ port: replica.port, ca: CA, token: cluster.tokenOf('b-gray') });
    try {
      callee.hello({ pod: 'b-gray', namespace: SHOP });
      callee.want('ip:10.0.0.3');
      expect(await answerTo('ip:10.0.0.3', callee)).toEqual([]);
      nacos.services.instances.set('DEFAULT_GROUP@@late', [{ ip: '10.0.0.3', port: 8080 }]);
      caller.want('ip:10.0.0.3');
      expect(await answerTo('ip:10.0.0.3', caller)).toEqual(['shop/late 10.0.0.3 base true']);
      // Of a service that is known, and that nobody follows here.
      nacos.services.instances.set('DEFAULT_GROUP@@b', [{ ip: '10.0.0.4', port: 8080 }]);
      caller.want('ip:10.0.0.4');
      expect(await answerTo('ip:10.0.0.4', caller)).toEqual(['shop/b 10.0.0.4 base true']);
    } finally {
      callee.close();
    }
  });

  it('takes nothing from a sidecar that a replica without Nacos does not know', BRIEF_WAIT, async () => {
    const first = await start();
    const sidecar = await connect(first);
    sidecar.want('ip:10.0.0.1');
    const [held] = (await sidecar.take()).services;
    if (held === undefined) throw new Error('the sidecar was told no service');
    const holds = { mesh: 'of before', services: { [held.id]: held.version } };
    await first.stop(5_000);
    await nacos.stop();

    const fresh = await start();
    const again = new DiscoveryClient({ port: fresh.port, ca: CA, token: cluster.tokenOf('caller') });
    client?.close();
    client = again;
    again.hello({ pod: 'caller', namespace: SHOP }, holds);
    again.want('ip:10.0.0.1');
    const answers = [await again.take()];
    while (answers.at(-1)?.answered.length === 0) answers.push(await again.take());
    for (const answer of answers) expect(answer).toMatchObject({ services: [], removed: [] });
    expect(answers.every(({ mesh }) => mesh === undefined)).toBe(true);

    nacos.services.instances.set('DEFAULT_GROUP@@b', [{ ip: '10.0.0.2', port: 8080 }]);
    await nacos.start();
    const known = [await again.take()];
    while (known.every(({ removed }) => removed.length === 0)) known.push(await again.take());
    expect(known.flatMap(({ removed }) => removed)).toEqual(['shop/b']);
    expect(known.find(({ mesh }) => mesh !== undefined)?.mesh?.value.groups).toMatchObject([
      { name: 'demo' },
    ]);
  });

  it(
    'serves the cluster where Nacos is down, says what it lacks, and has it when Nacos comes',
    BRIEF_WAIT,
    async () => {
      await nacos.stop();
      cluster.putService('b', ['10.0.0.7'], 8080);
      const replica = await start();
      expect(replica.output()).toContain('"event":"source_not_awaited_any_longer"');
      expect(await replica.read('/ready')).toBe('ready\n');
      const { problems } = JSON.parse(await replica.read('/status')) as {
        readonly problems: readonly string[];
      };
      expect(problems.join('\n')).toContain('source nacos has not been read yet: registry main');
      const sidecar = await connect(replica);
      sidecar.want('host:b');
      expect(await nextTold(sidecar)).toEqual(['shop/b 10.0.0.7 base true']);
      await nacos.start();
      expect(await nextTold(sidecar)).toEqual([
        'shop/b 10.0.0.1 base true',
        'shop/b 10.0.0.2 gray true',
        'shop/b 10.0.0.7 base true',
      ]);
      await eventually('the end of the problem', async () =>
        (await replica.read('/status')).includes('"problems":[]'),
      );
    },
  );
});
