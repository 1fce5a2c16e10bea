import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCatalog } from '@lanekeeper/control-plane/catalog/create-catalog';
import type { CanonicalKey } from '@lanekeeper/control-plane/catalog/catalog';
import { batches } from '@lanekeeper/control-plane/source/kubernetes/convert/arbitrary-cluster.fixture';
import { ClusterConverter } from '@lanekeeper/control-plane/source/kubernetes/convert/cluster-converter';
import type { TestCluster } from '@lanekeeper/control-plane/source/kubernetes/convert/cluster.fixture';
import { TestCluster as EmptyCluster } from '@lanekeeper/control-plane/source/kubernetes/convert/cluster.fixture';
import { clusterOf } from '@lanekeeper/control-plane/source/kubernetes/convert/manifests.fixture';
import { translate } from '@lanekeeper/control-plane/translate/translate';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { standingOf } from '@lanekeeper/protocol/workload-names';
import { decideOutbound } from '@lanekeeper/sidecar/route/decide-outbound';
import type { Decision } from '@lanekeeper/sidecar/route/decision';
import { connection, contextOf, request } from '@lanekeeper/sidecar/route/mesh.fixture';

const TESTDATA = new URL('../../control-plane/testdata/', import.meta.url);

/** What a sidecar of `default` holds once it has asked for `keys`. */
function meshOf(cluster: TestCluster, keys: readonly CanonicalKey[]): MeshConfig {
  const catalog = createCatalog({ clusterDomain: 'cluster.local' });
  catalog.apply(new ClusterConverter(cluster.tables).apply(cluster.changes()));
  const holds = { mesh: undefined, services: new Map<string, string>() };
  const { mesh, services } = translate(catalog, { namespace: 'default', interests: keys, holds });
  return { ...catalog.mesh().value, ...mesh?.value, services: services.map(({ value }) => value) };
}

/** A call to `authority` with that tag, as a sidecar of a baseline pod decides it. */
function call(config: MeshConfig, authority: string, tag: string | undefined): Decision {
  const headers = tag === undefined ? {} : { baggage: `lane=${tag}` };
  return decideOutbound(request(authority, headers), connection('outbound'), contextOf(config));
}

function seed001(): TestCluster {
  const name = 'seed-001-with-services-for-b-and-c-keeps-gray-pods-of-another-app-label.input.yaml';
  return clusterOf(readFileSync(new URL(name, TESTDATA), 'utf8'));
}

const B_AND_C: readonly CanonicalKey[] = ['host:spring-cloud-b.default', 'host:spring-cloud-c.default'];

describe('from the objects of a cluster to the decision of a sidecar', () => {
  it('the manifests of seed 001 keep gray in gray and the baseline in the baseline', () => {
    const config = meshOf(seed001(), B_AND_C);
    for (const app of ['spring-cloud-b', 'spring-cloud-c']) {
      expect(call(config, `${app}:8080`, 'gray')).toMatchObject({
        subset: 'gray',
        endpoint: { pod: `${app}-new-1` },
      });
      expect(call(config, `${app}:8080`, undefined)).toMatchObject({
        subset: 'base',
        endpoint: { pod: expect.stringMatching(`^${app}-[12]$`) },
      });
    }
  });

  it('B without gray pods falls back to the baseline, and the request enters its lane again at C', () => {
    const cluster = seed001();
    for (const key of ['default/spring-cloud-b-new-1', 'default/spring-cloud-b-new-2'])
      cluster.pods.remove(key);
    const config = meshOf(cluster, B_AND_C);
    expect(call(config, 'spring-cloud-b:8080', 'gray')).toMatchObject({
      subset: 'base',
      fallback: { from: 'gray', to: 'base' },
    });
    expect(call(config, 'spring-cloud-c:8080', 'gray')).toMatchObject({ subset: 'gray' });
  });

  it('a lane that the callee has no pod of is a lane all the same', () => {
    const config = meshOf(seed001(), ['host:nobody.default']);
    expect(config.services).toEqual([]);
    expect(config.lanes.map(({ name }) => name)).toEqual(['gray']);
  });

  it('whatever the cluster goes through, no request reaches a pod of another lane', () => {
    const services = ['b.shop', 'b-gray.shop', 'web.shop', 'b.other'];
    const keys = services.map((service): CanonicalKey => `host:${service}`);
    fc.assert(
      fc.property(batches, (all) => {
        const cluster = new EmptyCluster();
        for (const step of all.flat()) step(cluster);
        const config = meshOf(cluster, keys);
        for (const service of services) {
          for (const tag of [undefined, 'gray', 'blue', 'nobody']) {
            checkReached(call(config, `${service}:80`, tag), tag, { cluster, config });
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** Of two pods with one address (one is about to go) nobody knows who listens: a lane that either names holds for both. */
function namedBy(endpoint: Reached, { services }: MeshConfig): readonly Reached[] {
  if (endpoint.lane === 'base') return [endpoint];
  const own = addressesOf(endpoint);
  return services
    .flatMap(({ endpoints }) => endpoints)
    .filter((other) => other.lane === endpoint.lane && addressesOf(other).some((each) => own.includes(each)));
}

interface Reached {
  readonly address: string;
  readonly aliases?: readonly string[] | undefined;
  readonly pod?: string | undefined;
  readonly lane?: string | undefined;
}

function addressesOf({ address, aliases = [] }: Reached): readonly string[] {
  return [address, ...aliases];
}

function checkReached(
  { endpoint }: Decision,
  tag: string | undefined,
  { cluster, config }: { readonly cluster: TestCluster; readonly config: MeshConfig },
): void {
  if (endpoint === undefined) return;
  expect(['base', tag]).toContain(endpoint.lane);
  const standings = namedBy(endpoint, config).flatMap(({ pod, address }) => {
    if (pod === undefined) return [standingOf({})];
    return [...cluster.pods.objects.values()]
      .filter(({ meta, addresses }) => meta.name === pod && addresses.includes(address))
      .map(({ meta }) => standingOf(meta.labels));
  });
  expect(standings).toContainEqual(
    endpoint.lane === 'base' ? { kind: 'baseline' } : { kind: 'lane', lane: endpoint.lane },
  );
}
