import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '@lanekeeper/protocol/model';
import { serviceId } from '@lanekeeper/protocol/service-id';
import { standingOf, type Standing } from '@lanekeeper/protocol/workload-names';
import { createCatalog } from '../../../catalog/create-catalog.ts';
import type { SourceChange, SourceService } from '../../../catalog/source-service.ts';
import { ADDRESSES_IN_USE, batches, claimedBatches } from './arbitrary-cluster.fixture.ts';
import type { KubePod } from '../objects.ts';
import { ClusterConverter } from './cluster-converter.ts';
import { TestCluster } from './cluster.fixture.ts';
import { byAge, fits, isOfService, type LaneClaim } from './lane-claim.ts';

const RUNS = { numRuns: 300 };

/** A converter that has lived through every change, and who has believed only what it told. */
class Follower {
  readonly cluster = new TestCluster();
  readonly converter = new ClusterConverter(this.cluster.tables);
  readonly services = new Map<string, SourceService>();
  readonly pods = new Map<string, unknown>();

  claims: readonly LaneClaim[] = [];

  apply(): void {
    this.#take(this.converter.apply(this.cluster.changes()));
  }

  /** Before or after the changes of the cluster are taken: the tables may know more than the converter. */
  claim(claims: readonly LaneClaim[]): void {
    this.claims = claims;
    this.#take(this.converter.claim(claims).change);
  }

  #take({ put, removed, addresses = [] }: SourceChange): void {
    for (const id of removed) this.services.delete(id);
    for (const service of put) this.services.set(serviceId(service.config), service);
    for (const address of addresses) this.pods.set(address, this.converter.podAt(address));
  }
}

/** One that sees the cluster as it is now for the first time. */
function fromScratch({ cluster, claims }: Follower) {
  const everything = new TestCluster();
  for (const kind of ['namespaces', 'pods', 'services', 'slices'] as const) {
    for (const [key, object] of cluster[kind].objects) everything[kind].put(key, object as never);
  }
  const converter = new ClusterConverter(everything.tables);
  converter.claim(claims);
  const { put } = converter.apply(everything.changes());
  return { converter, services: new Map(put.map((one) => [serviceId(one.config), one])) };
}

describe('conversion after any sequence of changes', () => {
  it('comes to what a conversion from scratch comes to', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const follower = new Follower();
        for (const batch of all) {
          for (const step of batch) step(follower.cluster);
          follower.apply();
          const fresh = fromScratch(follower);
          expect(sorted(follower.services)).toEqual(sorted(fresh.services));
          expect(follower.converter.problems()).toEqual(fresh.converter.problems());
          for (const address of ADDRESSES_IN_USE)
            expect(follower.pods.get(address)).toEqual(fresh.converter.podAt(address));
        }
      }),
      RUNS,
    );
  });

  it('comes to the same with selectors of lanes that come, change and go', () => {
    fc.assert(
      fc.property(claimedBatches, (all) => {
        const follower = new Follower();
        for (const { steps, claims, isFirst } of all) {
          for (const step of steps) step(follower.cluster);
          if (claims !== undefined && isFirst) follower.claim(claims);
          follower.apply();
          if (claims !== undefined && !isFirst) follower.claim(claims);
          const fresh = fromScratch(follower);
          expect(sorted(follower.services)).toEqual(sorted(fresh.services));
          for (const address of ADDRESSES_IN_USE)
            expect(follower.pods.get(address)).toEqual(fresh.converter.podAt(address));
        }
      }),
      RUNS,
    );
  });

  it('has a pod in the lane of the oldest that claims it, else in the one that its labels name', () => {
    fc.assert(
      fc.property(claimedBatches, (all) => {
        const follower = new Follower();
        for (const { steps, claims } of all) {
          for (const step of steps) step(follower.cluster);
          follower.apply();
          if (claims !== undefined) follower.claim(claims);
          for (const pod of follower.cluster.pods.objects.values())
            expect(follower.converter.standingOf(pod)).toEqual(expectedStanding(pod, follower));
        }
      }),
      RUNS,
    );
  });

  it('never has a pod of a lane in the baseline, nor a pod in a lane that it does not carry', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const follower = new Follower();
        for (const batch of all) {
          for (const step of batch) step(follower.cluster);
          follower.apply();
          for (const { config } of follower.services.values()) {
            checkSubsets(config, follower.cluster);
          }
        }
      }),
      RUNS,
    );
  });

  it('makes a catalog of the same versions, whatever came in which order', () => {
    fc.assert(
      fc.property(batches, (all) => {
        const follower = new Follower();
        const catalog = createCatalog({ clusterDomain: 'cluster.local' });
        for (const batch of all) {
          for (const step of batch) step(follower.cluster);
          catalog.apply(follower.converter.apply(follower.cluster.changes()));
        }
        const fresh = createCatalog({ clusterDomain: 'cluster.local' });
        const { services } = fromScratch(follower);
        fresh.apply({ source: 'kubernetes', put: [...services.values()].reverse(), removed: [] });
        for (const id of services.keys())
          expect(catalog.service(id)?.version).toBe(fresh.service(id)?.version);
        expect(catalog.mesh().version).toBe(fresh.mesh().version);
      }),
      RUNS,
    );
  });
});

function sorted(services: ReadonlyMap<string, SourceService>): unknown {
  return [...services].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The rule in its plainest form. */
function expectedStanding(pod: KubePod, { claims, cluster }: Follower): Standing {
  const holding = [...claims].sort(byAge).filter((claim) => {
    if (!fits(claim, pod)) return false;
    const { namespace } = pod.meta;
    if (claim.pods.kind === 'workloads') return claim.pods.namespace === namespace;
    return claim.pods.services.some(
      (service) =>
        service.namespace === namespace &&
        isOfService(pod, service.name, cluster.services.objects.get(serviceId(service))),
    );
  });
  const [oldest] = holding;
  return oldest === undefined ? standingByLabels(pod) : { kind: 'lane', lane: oldest.lane };
}

function standingByLabels({ meta, laneFromEnv }: KubePod): Standing {
  return standingOf(meta.labels, laneFromEnv);
}

function checkSubsets({ endpoints }: ServiceConfig, { pods }: TestCluster): void {
  for (const { address, pod: name, lane } of endpoints) {
    const there = [...pods.objects.values()].filter(
      ({ meta, phase, addresses }) =>
        meta.name === name && phase === 'Running' && addresses.includes(address),
    );
    const standings: readonly Standing[] =
      there.length === 0 ? [{ kind: 'baseline' }] : there.map(standingByLabels);
    expect(standings).toContainEqual(lane === undefined ? { kind: 'baseline' } : { kind: 'lane', lane });
  }
}
