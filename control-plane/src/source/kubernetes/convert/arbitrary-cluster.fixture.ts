import fc from 'fast-check';
import type { KubeEndpoint } from '../objects.ts';
import { endpoint, HTTP_PORT, namespace, pod, service, slice } from './cluster.fixture.ts';
import type { ClusterObject, TestCluster } from './cluster.fixture.ts';
import type { LaneClaim } from './lane-claim.ts';

/** A change to a cluster so small that everything soon meets everything. */
export type ClusterStep = (cluster: TestCluster) => void;

const NAMESPACES = ['shop', 'other'];
const PODS = ['p1', 'p2', 'p3', 'p4'];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1'];
/** Mostly a pod has its own address, and slices know it by that. */
const OWN = new Map(PODS.map((name, index) => [name, ADDRESSES[index] ?? '']));
const SERVICES = ['b', 'b-gray', 'web'];

export const ADDRESSES_IN_USE: readonly string[] = ADDRESSES;

const namespaceName = fc.constantFrom('shop', 'shop', 'shop', ...NAMESPACES);
const maybe = (chance: number) => fc.integer({ min: 1, max: 100 }).map((roll) => roll <= chance);

const labels = fc
  .record({
    app: fc.constantFrom('b', 'b-new', 'web', undefined),
    msePilotCreateAppName: fc.constantFrom('b', 'web', undefined, undefined),
    'lanekeeper.io/lane': fc.constantFrom('gray', 'blue', 'base', undefined, undefined, undefined),
    'alicloud.service.tag': fc.constantFrom('gray', 'Gray_1', undefined, undefined, undefined),
    'app.kubernetes.io/component': fc.constantFrom('x', 'y', undefined, undefined),
  })
  .map((given) =>
    Object.fromEntries(Object.entries(given).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as const]))),
  );

const somePod: fc.Arbitrary<ClusterObject> = fc
  .record({
    name: fc.constantFrom(...PODS),
    namespace: namespaceName,
    labels,
    others: fc.subarray(ADDRESSES, { maxLength: 2 }),
    hasOwn: maybe(85),
    nodeName: fc.constantFrom('node-1', 'node-2'),
    isReady: maybe(70),
    isTerminating: maybe(25),
    isInjected: maybe(70),
    hostNetwork: maybe(10),
    runsToEnd: maybe(10),
    phase: fc.constantFrom('Running', 'Running', 'Running', 'Succeeded'),
  })
  .map(({ name, others, hasOwn, ...given }) =>
    pod(name, '', { ...given, addresses: hasOwn ? [OWN.get(name) ?? ''] : others }),
  );

const someEndpoint: fc.Arbitrary<KubeEndpoint> = fc
  .record({
    name: fc.constantFrom('', ...PODS),
    other: fc.constantFrom(...ADDRESSES),
    isOwn: maybe(85),
    zone: fc.constantFrom('z1', 'z2'),
    hasZone: maybe(70),
    nodeName: fc.constantFrom('node-1', 'node-2'),
    ready: maybe(60),
    serving: maybe(80),
    terminating: maybe(30),
  })
  .map(({ name, other, isOwn, zone, hasZone, ...given }) => {
    const address = isOwn ? (OWN.get(name) ?? other) : other;
    return endpoint(name, address, hasZone ? { ...given, zone } : given);
  });

const someSlice: fc.Arbitrary<ClusterObject> = fc
  .record({
    of: fc.constantFrom(...SERVICES),
    name: fc.constantFrom('s1', 's2', 's3'),
    namespace: namespaceName,
    endpoints: fc.array(someEndpoint, { maxLength: 4 }),
    port: fc.constantFrom(8080, 8081),
  })
  .map(({ of, endpoints, port, ...given }) =>
    slice(of, endpoints, { ...given, ports: [{ name: 'http', port, protocol: 'TCP' }] }),
  );

const someService: fc.Arbitrary<ClusterObject> = fc
  .record({
    name: fc.constantFrom(...SERVICES),
    namespace: namespaceName,
    type: fc.constantFrom('ClusterIP', 'ClusterIP', 'ClusterIP', 'ExternalName'),
    selector: fc.constantFrom({ app: 'b' }, { app: 'b', 'app.kubernetes.io/component': 'x' }, undefined),
    publishNotReadyAddresses: maybe(15),
    targetPort: fc.constantFrom(8080, 8081),
    exportTo: fc.constantFrom('.', 'other', 'No!', '*', ...Array.from({ length: 8 }, () => undefined)),
  })
  .map(({ name, targetPort, exportTo, ...given }) =>
    service(name, {
      ...given,
      ports: [{ ...HTTP_PORT, targetPort }],
      annotations: exportTo === undefined ? {} : { 'lanekeeper.io/export-to': exportTo },
    }),
  );

const someNamespace: fc.Arbitrary<ClusterObject> = fc
  .record({
    name: namespaceName,
    injection: fc.constantFrom('enabled', 'disabled'),
    exportTo: fc.constantFrom('*', '*', '*', '.'),
  })
  .map(({ name, injection, exportTo }) =>
    namespace(name, {
      labels: { 'lanekeeper.io/injection': injection },
      annotations: { 'lanekeeper.io/export-to': exportTo },
    }),
  );

const put: fc.Arbitrary<ClusterStep> = fc
  .oneof(
    { weight: 5, arbitrary: somePod },
    { weight: 4, arbitrary: someSlice },
    { weight: 2, arbitrary: someService },
    { weight: 1, arbitrary: someNamespace },
  )
  .map((object) => (cluster) => void cluster.put(object));

const remove: fc.Arbitrary<ClusterStep> = fc
  .record({ kind: fc.constantFrom('pods', 'slices', 'services', 'namespaces'), index: fc.nat(20) })
  .map(({ kind, index }) => (cluster) => {
    const table = cluster[kind];
    const keys = [...table.objects.keys()];
    const key = keys[index % Math.max(1, keys.length)];
    if (key !== undefined) table.remove(key);
  });

const several = <T>(arbitrary: fc.Arbitrary<T>, count: number): fc.Arbitrary<readonly T[]> =>
  fc.array(arbitrary, { minLength: count, maxLength: count });

/** What is there when the watch begins. */
const beginning: fc.Arbitrary<readonly ClusterStep[]> = fc
  .tuple(several(someService, 4), several(somePod, 8), several(someSlice, 4))
  .map((groups) => groups.flat().map((object) => (cluster) => void cluster.put(object)));

const change = fc.oneof({ weight: 4, arbitrary: put }, { weight: 1, arbitrary: remove });

/** Batches of changes as a watch would tell them; the first is all that there is. */
export const batches: fc.Arbitrary<readonly (readonly ClusterStep[])[]> = fc
  .tuple(beginning, fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 10 }))
  .map(([first, later]) => [first, ...later]);

const someClaim: fc.Arbitrary<Omit<LaneClaim, 'by'>> = fc.record({
  lane: fc.constantFrom('gray', 'blue', 'green'),
  createdAt: fc.constantFrom(1, 2, 3),
  pods: fc.oneof(
    fc.record(
      {
        kind: fc.constant('members' as const),
        services: fc.array(
          fc.record({ name: fc.constantFrom(...SERVICES, 'none'), namespace: namespaceName }),
          { minLength: 1, maxLength: 2 },
        ),
        labels: fc.constantFrom({ app: 'b' }, { 'app.kubernetes.io/component': 'x' }, { app: 'web' }),
      },
      { requiredKeys: ['kind', 'services'] },
    ),
    fc.record(
      {
        kind: fc.constant('workloads' as const),
        namespace: namespaceName,
        app: fc.constantFrom('b', 'web'),
        labels: fc.constantFrom({}, { 'app.kubernetes.io/component': 'y' }),
      },
      { requiredKeys: ['kind', 'namespace', 'labels'] },
    ),
  ),
});

const someClaims: fc.Arbitrary<readonly LaneClaim[]> = fc
  .array(someClaim, { maxLength: 4 })
  .map((claims) => claims.map((claim, index) => ({ ...claim, by: `Lane shop/${index}` })));

export interface ClaimedBatch {
  readonly steps: readonly ClusterStep[];
  /** Undefined: as before. */
  readonly claims: readonly LaneClaim[] | undefined;
  /** Whether the claims are told before the changes of the cluster. */
  readonly isFirst: boolean;
}

export const claimedBatches: fc.Arbitrary<readonly ClaimedBatch[]> = batches.chain((all) =>
  fc.tuple(
    ...all.map((steps) =>
      fc.record({
        steps: fc.constant(steps),
        claims: fc.option(someClaims, { nil: undefined }),
        isFirst: fc.boolean(),
      }),
    ),
  ),
);
