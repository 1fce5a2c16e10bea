import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applied } from '@lanekeeper/injector/testing/apply-patch';
import { podOf } from '@lanekeeper/injector/testing/admission';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { post, reviewOf } from '@lanekeeper/injector/testing/post';
import type { Operation } from '@lanekeeper/injector/patch/json-patch';
import type { ApiClient } from '@lanekeeper/kubernetes/api-client';
import type { KubeObject } from '@lanekeeper/kubernetes/kube-object';
import { fieldsOf } from '@lanekeeper/kubernetes/kube-object';
import {
  LEASES,
  MUTATING_WEBHOOK_CONFIGURATIONS,
  NAMESPACES,
  PODS,
  SECRETS,
  type Resource,
} from '@lanekeeper/kubernetes/resources';
import { ApiServer } from '@lanekeeper/kubernetes/testing/api-server';
import { openClient } from '@lanekeeper/kubernetes/testing/open-client';
import { INJECTOR_VARIABLES } from '@lanekeeper/protocol/variables';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { writeKubeconfig } from '../harness/kubeconfig.ts';
import { startProcess, type RunningProcess } from '../harness/process.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/injector/main.mjs', import.meta.url));
const namespace = 'lanekeeper-system';
const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };

/** The bundle against an API server that has what the chart ships, and nothing more. */
describe('the injector in a cluster, as a process', () => {
  const pair = makePair('api-server');
  const server = new ApiServer({ tls: pair });
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-injector-'));
  let client: ApiClient;
  let injector: RunningProcess;
  let port: number;
  let status: string;

  beforeAll(async () => {
    await server.start();
    client = openClient(server.url, { tls: { ca: pair.cert } });
    const clientConfig = { service: { name: 'lanekeeper-injector', namespace } };
    const webhooks = [{ name: 'pod.lanekeeper.io', clientConfig }];
    const metadata = { name: 'lanekeeper-injector' };
    server.put({ resource: MUTATING_WEBHOOK_CONFIGURATIONS }, { metadata, webhooks });
    server.put({ resource: LEASES }, { metadata: { ...metadata, namespace } });
    for (const name of ['lanekeeper-ca', 'lanekeeper-webhook-tls', 'lanekeeper-discovery-tls']) {
      server.put({ resource: SECRETS }, { metadata: { name, namespace } });
    }
    const labels = { 'lanekeeper.io/injection': 'enabled' };
    server.put({ resource: NAMESPACES }, { metadata: { name: 'shop', labels } });
    const missed = podOf({ metadata: { name: 'missed', namespace: 'shop' } });
    server.put({ resource: PODS }, missed as never);
    injector = await startProcess({
      command: process.execPath,
      args: [PROGRAM],
      env: {
        KUBECONFIG: writeKubeconfig(folder, server.url, pair.cert),
        [INJECTOR_VARIABLES.pod]: 'injector-1',
        [INJECTOR_VARIABLES.listen]: '127.0.0.1:0',
        [INJECTOR_VARIABLES.statusListen]: '127.0.0.1:0',
        [INJECTOR_VARIABLES.webhookNames]: '127.0.0.1',
        [INJECTOR_VARIABLES.sidecarImage]: 'lanekeeper/sidecar:0.1.0',
        [INJECTOR_VARIABLES.redirectImage]: 'lanekeeper/redirect:0.1.0',
        [INJECTOR_VARIABLES.drainDelayMs]: '0',
      },
      ready: /"event":"ready"/,
    });
    const listening = /"webhook":"127.0.0.1:([0-9]+)","status":"([^"]+)"/.exec(injector.output());
    port = Number(listening?.[1]);
    status = `http://${listening?.[2]}`;
  });

  afterAll(async () => {
    await injector.stop();
    client.close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('fills what is empty, and is ready when the API server can trust it', async () => {
    expect(await (await fetch(`${status}/ready`)).text()).toBe('ready\n');
    const ca = publishedBundle(await client.get(configuration));
    const { body } = await post(reviewOf(podOf()), { port, ca });
    const { response } = JSON.parse(body) as { response: { patch: string } };
    const operations = JSON.parse(Buffer.from(response.patch, 'base64').toString()) as Operation[];
    const { spec } = applied(podOf(), operations) as Injected;
    expect(spec.initContainers[1]?.env).toEqual(
      expect.arrayContaining([
        {
          name: 'LANEKEEPER_DISCOVERY_ADDRESS',
          value: 'lanekeeper-control-plane.lanekeeper-system.svc:15010',
        },
        { name: 'LANEKEEPER_DISCOVERY_CA', value: ca },
      ]),
    );
  });

  it('repairs a webhook configuration that somebody wipes', async () => {
    const before = await client.get(configuration);
    const webhooks = [{ name: 'pod.lanekeeper.io', clientConfig: { url: 'https://x' } }];
    await client.update(configuration, { ...before, webhooks });
    await eventually('the bundle is there again', async () => {
      return publishedBundle(await client.get(configuration)) === publishedBundle(before);
    });
  });

  it('reports the pod that was there without a sidecar', async () => {
    await eventually('an Event', async () => {
      const { items } = await client.list({ resource: EVENTS });
      return items.some(
        ({ reason, regarding }) => reason === 'NotInjected' && fieldsOf(regarding)['name'] === 'missed',
      );
    });
    expect(await (await fetch(`${status}/metrics`)).text()).toContain(
      'lanekeeper_uninjected_pods{namespace="shop"} 1',
    );
  });

  it('gives its Lease back when it ends', async () => {
    const lease = { resource: LEASES, namespace, name: 'lanekeeper-injector' };
    expect(fieldsOf((await client.get(lease))['spec'])['holderIdentity']).toBe('injector-1');
    expect(await injector.stop()).toBe(0);
    expect(fieldsOf((await client.get(lease))['spec'])['holderIdentity']).not.toBe('injector-1');
  });
});

const configuration = { resource: MUTATING_WEBHOOK_CONFIGURATIONS, name: 'lanekeeper-injector' };

interface Injected {
  readonly spec: { readonly initContainers: readonly { readonly env: readonly object[] }[] };
}

function publishedBundle({ webhooks }: KubeObject): string {
  const [webhook] = Array.isArray(webhooks) ? (webhooks as unknown[]) : [];
  const { caBundle } = fieldsOf(fieldsOf(webhook)['clientConfig']);
  return typeof caBundle === 'string' ? Buffer.from(caBundle, 'base64').toString() : '';
}
