import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import type { Resource } from '@lanekeeper/kubernetes/resources';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discoveryVariables } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { SHOP, startFakeCluster, type FakeCluster } from '../harness/fake-cluster.ts';
import { freePort } from '../harness/free-port.ts';
import { send, type Answer, type Place } from '../harness/http-client.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';

const OURS = { group: 'lanekeeper.io', version: 'v1alpha1' };
const GROUPS: Resource = { ...OURS, plural: 'lanegroups', kind: 'LaneGroup' };
const LANES: Resource = { ...OURS, plural: 'lanes', kind: 'Lane' };

/** Pods of the service `b`, each an application of its own. */
const PODS = { base: '127.0.0.2', gray: '127.0.0.3', blue: '127.0.0.4' };
type PodName = keyof typeof PODS;

/** A real control plane, and a real sidecar that calls; only the API server is ours. */
describe('lanes as objects', () => {
  let cluster: FakeCluster;
  let folder: string;
  let port: number;
  const held: ServerResponse[] = [];
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-lanes-'));
    ends.push(() => rmSync(folder, { recursive: true, force: true }));
    cluster = await startFakeCluster();
    ends.push(() => cluster.close());
    port = await freePort();
    for (const name of Object.keys(PODS) as PodName[]) {
      await startApp(name);
      cluster.putPod(`b-${name}`, { address: PODS[name], labels: { app: 'b', version: name } });
    }
    cluster.putPod('a-1', { address: '127.0.0.1', labels: { app: 'a', version: 'gray' } });
    cluster.putService('a', ['127.0.0.1'], await freePort());
    putB('base', 'gray', 'blue');
    declare(GROUPS, 'demo', { services: [{ name: 'a' }, { name: 'b' }] });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
    held.splice(0);
  });

  /** Answers with the name of its pod; `/hold` when the test says so. */
  async function startApp(name: PodName): Promise<void> {
    const server = createServer((request, response) => {
      request.resume();
      if (request.url === '/hold') held.push(response);
      else response.end(name);
    });
    server.listen(port, PODS[name]);
    await once(server, 'listening');
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }

  function putB(...pods: readonly PodName[]): void {
    cluster.putService(
      'b',
      pods.map((name) => PODS[name]),
      port,
    );
  }

  function declare(resource: Resource, name: string, spec: unknown): void {
    const metadata = { name, namespace: SHOP, generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
    cluster.server.put({ resource }, { metadata, spec });
  }

  async function startCaller(): Promise<{ readonly sidecar: SidecarProcess; readonly outbound: Place }> {
    const replica = await cluster.startReplica('cp-1');
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, cluster.tokenOf('a-1'));
    const sidecar = await startSidecar({
      variables: {
        ...discoveryVariables(replica.port, tokenFile),
        ...{ pod: 'a-1', namespace: SHOP, app: 'a', podAddress: '127.0.0.1' },
      },
    });
    ends.push(() => sidecar.stop(0));
    await eventually('readiness', async () => (await fetch(`http://${sidecar.status}/ready`)).ok);
    const [address = '', outbound = ''] = sidecar.outbound.split(':');
    return { sidecar, outbound: { address, port: Number(outbound) } };
  }

  const ask = (outbound: Place, path = '/', lane?: string): Promise<Answer> =>
    send(outbound, { host: 'b', path, headers: lane === undefined ? {} : { baggage: `lane=${lane}` } });

  it('a lane that is deleted while it is used drains to its fallback, and what is in flight finishes', async () => {
    declare(LANES, 'blue', { group: 'demo', selector: { version: 'blue' } });
    declare(LANES, 'gray', { group: 'demo', selector: { version: 'gray' }, fallback: ['blue', 'base'] });
    const { outbound } = await startCaller();
    expect((await ask(outbound, '/', 'gray')).text).toBe('gray');
    const inFlight = ask(outbound, '/hold', 'gray');
    await eventually('it is in flight', () => held.length === 1);

    cluster.server.remove({ resource: LANES }, 'gray', SHOP);
    // The lane stays with those that carry its tag while it has pods …
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(outbound, '/', 'gray')));
    expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['gray']));
    // … and where it said that they go without.
    cluster.removePod('b-gray');
    putB('base', 'blue');
    await eventually('the fallback', async () => (await ask(outbound, '/', 'gray')).text === 'blue');
    for (let calls = 0; calls < 20; calls++) expect((await ask(outbound, '/', 'gray')).text).toBe('blue');
    held[0]?.end('gray to the end');
    expect(await inFlight).toMatchObject({ status: 200, text: 'gray to the end' });
  });

  it('says in the status of a lane how many sidecars of its group run it', async () => {
    await startCaller();
    const acknowledged = (): unknown => {
      const lane = cluster.server.objects.get('lanekeeper.io/v1alpha1/lanes', `${SHOP}/gray`);
      return fieldsOf(lane?.['status'])['acknowledged'];
    };
    declare(LANES, 'gray', { group: 'demo', selector: { version: 'gray' } });
    await eventually('it is acknowledged', () => acknowledged() === '1/1');
  });

  it('a pod is of the lane that selects it from then on: what it calls by itself stays there', async () => {
    const { outbound } = await startCaller();
    const names = await Promise.all(Array.from({ length: 30 }, () => ask(outbound)));
    expect(new Set(names.map(({ text }) => text))).toEqual(new Set(['base', 'gray', 'blue']));
    declare(LANES, 'gray', { group: 'demo', selector: { version: 'gray' } });
    await eventually('its sidecar is told', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(outbound)));
      return answers.every(({ text }) => text === 'gray');
    });
    declare(LANES, 'gray', { group: 'demo', selector: { version: 'another' } });
    await eventually('it is of the baseline again', async () => (await ask(outbound)).text !== 'gray');
  });
});
