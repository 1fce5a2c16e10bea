import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PODS } from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { servePodPorts } from '@lanekeeper/kubernetes/testing/pod-ports';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openCluster, type Cluster } from '../cluster/cluster.ts';
import { pod } from './facts.fixture.ts';
import { gatherFacts, type GatherOptions } from './gather-facts.ts';

const AUDIT = { peers: [] };
const ends: (() => unknown)[] = [];
let cluster: Cluster;
let asked: string[];

beforeEach(async () => {
  asked = [];
  const pair = makePair('api-server');
  const server = new ApiServer({ tls: pair });
  await server.start();
  ends.push(() => server.stop());
  const sidecar = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(JSON.stringify(AUDIT));
  });
  sidecar.listen(0, '127.0.0.1');
  await once(sidecar, 'listening');
  ends.push(() => sidecar.close());
  const at = { address: '127.0.0.1', port: (sidecar.address() as AddressInfo).port };
  ends.push(servePodPorts(server, ({ name }) => (name.startsWith('deaf') ? undefined : at)));
  for (const each of [
    pod('a-1'),
    pod('bare-1', { sidecar: false }),
    pod('done-1', { phase: 'Succeeded' }),
    pod('deaf-1'),
  ])
    server.put({ resource: PODS }, each);
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-doctor-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const authority = Buffer.from(pair.cert).toString('base64');
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'x', users: [{ name: 'u', user: {} }] },
    clusters: [{ name: 'c', cluster: { server: server.url, 'certificate-authority-data': authority } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  };
  writeFileSync(join(folder, 'kubeconfig'), JSON.stringify(config));
  cluster = openCluster({ kubeconfig: join(folder, 'kubeconfig') }, {});
  ends.push(() => cluster.close());
});

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

function gather(options: Partial<GatherOptions> = {}) {
  const all = { within: 'shop', systemNamespace: 'x', asksSidecars: true, onAsk: () => () => undefined };
  return gatherFacts(cluster, { ...all, ...options });
}

it('asks the sidecars of running pods how lanes travel, and notes which do not answer', async () => {
  const { audits } = await gather();
  expect(audits).toMatchObject({
    value: {
      answers: [{ pod: { name: 'a-1' }, answer: AUDIT }],
      failures: [expect.stringMatching(/^shop\/deaf-1: /)],
    },
  });
  expect(asked).toEqual(['/audit']);
});

it('has no audits where no sidecar can be asked, and says why', async () => {
  await cluster.client.delete({ resource: PODS, namespace: 'shop', name: 'a-1' });
  expect((await gather()).audits).toMatchObject({
    problem: expect.stringMatching(/^none of 1 sidecars can be asked: shop\/deaf-1: /),
  });
});

it('leaves sidecars alone where nobody wants to know', async () => {
  expect((await gather({ asksSidecars: false })).audits).toMatchObject({
    problem: 'sidecars were not asked',
  });
  expect(asked).toEqual([]);
});
