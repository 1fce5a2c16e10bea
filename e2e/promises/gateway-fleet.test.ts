import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesIn } from './harness/chain.ts';
import { installChart, SYSTEM } from './harness/chart.ts';
import { startClient, type Client } from './harness/client.ts';
import { eventually } from './harness/eventually.ts';
import { installGatewayApi } from './harness/gateway-api.ts';
import { apply, get, kubectl, type KubeObject } from './harness/kubectl.ts';
import { GATEWAY, ingress, statusOf } from './harness/lanes.ts';
import { chainApp, deployment, service } from './harness/objects.ts';
import type { Pod } from './harness/pod.ts';
import { useSpace } from './harness/space.ts';

const HOST = 'fleet.example.com';
const FLEET = 'lanekeeper-gateway';
const CONFIG = 'fleet';
const TWO_ON_NODE_PORTS = [
  '--set=gateway.enabled=true',
  '--set=gateway.replicas=2',
  '--set=gateway.service.type=NodePort',
  `--set=gateway.config=${CONFIG}`,
];
const AUTOSCALED = [
  '--set=gateway.autoscaling.enabled=true',
  '--set=gateway.autoscaling.minReplicas=1',
  '--set=gateway.autoscaling.maxReplicas=2',
];
const REQUESTS = 10_000;
const LOADS = { kept: true, fresh: false };

interface Deployment {
  readonly spec: { readonly replicas: number };
}

interface Autoscaler {
  readonly spec: { readonly minReplicas: number; readonly maxReplicas: number };
}

interface Service {
  readonly spec: { readonly ports: readonly { readonly port: number; readonly nodePort: number }[] };
}

function gatewayConfig(replicas?: { readonly min: number; readonly max: number }): KubeObject {
  return {
    apiVersion: 'lanekeeper.io/v1alpha1',
    kind: 'GatewayConfig',
    metadata: { name: CONFIG, namespace: SYSTEM },
    spec: { ...(replicas && { replicas }) },
  };
}

function gateway(): readonly KubeObject[] {
  const apiVersion = 'gateway.networking.k8s.io/v1';
  const listeners = [{ name: 'http', port: 8000, protocol: 'HTTP' }];
  const rules = [{ backendRefs: [{ name: 'a', port: 8080 }] }];
  return [
    {
      apiVersion,
      kind: 'Gateway',
      metadata: { name: 'fleet' },
      spec: { gatewayClassName: 'lanekeeper', listeners },
    },
    {
      apiVersion,
      kind: 'HTTPRoute',
      metadata: { name: 'fleet' },
      spec: { parentRefs: [{ name: 'fleet' }], hostnames: [HOST], rules },
    },
  ];
}

const inSystem = <T>(...names: readonly string[]): Promise<T> => get<T>(['--namespace', SYSTEM, ...names]);

async function conditionOf(type: string): Promise<unknown> {
  const { conditions = [] } = await statusOf(SYSTEM, 'gatewayconfig', CONFIG);
  return (conditions as readonly { readonly type: string }[]).find((each) => each.type === type);
}

describe('the fleet of gateways', () => {
  const space = useSpace('gateway-fleet');
  let outside: Client;
  let removeGatewayApi: () => Promise<void>;

  beforeAll(async () => {
    removeGatewayApi = await installGatewayApi();
  });
  space.setUp(() => installChart(...TWO_ON_NODE_PORTS));
  space.setUp(async () => {
    await apply([gatewayConfig()]);
    await space.apply(service('a', { http: 8080 }), deployment('a', chainApp('A', { replicas: 2 })));
    await space.apply(ingress('fleet', { [HOST]: 'a:8080' }));
    outside = await startClient(space, 'outside', { injected: false });
    await space.rolledOut('a');
    await eventually(async () => expect((await ask(`${GATEWAY}/`)).status).toBe(200));
  });
  afterAll(async () => {
    await kubectl(['delete', '--namespace', SYSTEM, 'gatewayconfig', CONFIG, '--ignore-not-found']);
    await space.kubectl('delete', 'gateway,httproute', '--all');
    await installChart();
    await removeGatewayApi();
  });

  const ask = (url: string) => outside.ask({ url, headers: { host: HOST } });
  const replicas = async (): Promise<number> =>
    (await inSystem<Deployment>(`deployment/${FLEET}`)).spec.replicas;

  it(`a rollout of two loses none of ${REQUESTS} requests of clients that are elsewhere, on kept and on fresh connections`, async () => {
    for (const [name, keepAlive] of Object.entries(LOADS)) {
      const load = { name, url: `${GATEWAY}/`, headers: { host: HOST }, concurrency: 2, keepAlive };
      await outside.start(load);
    }
    for (const name of Object.keys(LOADS)) await outside.reached(name, 100);
    await kubectl(['rollout', 'restart', '--namespace', SYSTEM, `deployment/${FLEET}`]);
    await kubectl(['rollout', 'status', '--namespace', SYSTEM, `deployment/${FLEET}`, '--timeout=240s']);
    // The old pods' end is what could lose something.
    await eventually(async () => {
      const { items } = await inSystem<{ items: readonly Pod[] }>(
        'pods',
        '--selector',
        'app.kubernetes.io/component=gateway',
      );
      expect(items).toHaveLength(2);
    }, 120);
    for (const name of Object.keys(LOADS)) await outside.reached(name, REQUESTS / 2, 600);
    for (const { errors, answers } of await Promise.all(
      Object.keys(LOADS).map((name) => outside.stop(name)),
    )) {
      expect(errors).toEqual({});
      expect(namesIn(answers)).toEqual(['A']);
    }
  }, 900_000);

  it('an Ingress is reached through the node’s port', async () => {
    const [node] = await space.items<{
      readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
    }>('nodes');
    const address = node?.status.addresses.find(({ type }) => type === 'InternalIP')?.address;
    const { spec } = await inSystem<Service>(`service/${FLEET}`);
    const nodePort = spec.ports.find(({ port }) => port === 80)?.nodePort;
    await eventually(async () => {
      expect(await ask(`http://${address}:${nodePort}/`)).toMatchObject({ status: 200 });
    });
  });

  it('a Gateway is programmed, and serves at the address that its status tells', async () => {
    await space.apply(...gateway());
    await space.kubectl('wait', '--for=condition=Programmed', '--timeout=60s', 'gateway/fleet');
    const { addresses } = await statusOf(space.name, 'gateway', 'fleet');
    const [{ value } = { value: '' }] = addresses as readonly { readonly value: string }[];
    expect(value).not.toBe('');
    await eventually(async () => {
      expect(await ask(`http://${value}:8000/`)).toMatchObject({ status: 200 });
    });
  });

  it('there are as many as the GatewayConfig says, and it says so', async () => {
    await apply([gatewayConfig({ min: 1, max: 1 })]);
    await eventually(async () => {
      expect(await replicas()).toBe(1);
      expect(await conditionOf('Replicas')).toMatchObject({ status: 'True', reason: 'Scaled' });
    });
    await apply([gatewayConfig({ min: 2, max: 4 })]);
    await eventually(async () => {
      expect(await replicas()).toBe(2);
      expect(await conditionOf('Replicas')).toMatchObject({ status: 'False', reason: 'NoAutoscaler' });
    });
  });

  it('where the chart brings an autoscaler, they are its bounds', async () => {
    await installChart(...TWO_ON_NODE_PORTS, ...AUTOSCALED);
    await eventually(async () => {
      const { spec } = await inSystem<Autoscaler>(`horizontalpodautoscaler/${FLEET}`);
      expect(spec).toMatchObject({ minReplicas: 2, maxReplicas: 4 });
      expect(await conditionOf('Replicas')).toMatchObject({ status: 'True', reason: 'Autoscaled' });
    }, 90);
  });
});
