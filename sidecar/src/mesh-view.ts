import { randomBytes, randomUUID } from 'node:crypto';
import { isLoopback } from '@lanekeeper/runtime/socket-address';
import { maxInterests, type InterestKey } from '@lanekeeper/protocol/discovery';
import { OUTLIER_DEFAULTS, createOutlierDetector, type OutlierDetector } from './cluster/outlier.ts';
import { createEndpointLoads, type EndpointLoads } from './cluster/endpoint-loads.ts';
import { createPicker } from './cluster/create-picker.ts';
import type { SidecarConfig } from './config.ts';
import { InterestBook } from './discovery/interest-book.ts';
import { IDLE_PERIODS, Interests } from './discovery/interests.ts';
import { SnapshotStore } from './discovery/store.ts';
import { InFlightLanes } from './lane/in-flight.ts';
import { SeenIds } from './lane/seen-ids.ts';
import { createOnDemand, keyOf, type OnDemandMesh } from './on-demand.ts';
import { compileSnapshot } from './route/compile-snapshot.ts';
import type { DecisionContext } from './route/decision-context.ts';
import { FORMER_DEFAULTS, FormerEndpoints } from './route/former-endpoints.ts';
import type { Snapshot } from './route/snapshot.ts';
import type { Workload } from './workload.ts';

/** What decisions look at: the snapshot in force, and what this process has seen of lanes and endpoints. */
export interface MeshView {
  readonly store: SnapshotStore;
  readonly inFlight: InFlightLanes;
  readonly seenIds: SeenIds;
  readonly loads: EndpointLoads;
  readonly outliers: OutlierDetector;
  /** The zone of this pod, where the environment does not name it. */
  readonly learnZone: (zone: string) => void;
  /** The lane of this pod (`base`: none), where somebody knows better than the environment. */
  readonly learnLane: (lane: string) => void;
  /** Whom this sidecar serves, as far as it knows now. */
  readonly workload: () => Workload;
  /** Whether somebody may be about to call this pod: it was an endpoint at some time, or nobody knows its address. */
  readonly mayBeExpected: () => boolean;
  /** Undefined: the whole mesh is known, for it comes from a file. */
  readonly onDemand: OnDemandMesh | undefined;
  /** One object until the next snapshot comes. */
  readonly context: () => DecisionContext;
}

export function createMeshView(config: SidecarConfig, now: () => number): MeshView {
  const { workload, untaggedInbound, appAddress } = config;
  const store = new SnapshotStore({
    compile: (mesh, generation) => compileSnapshot(mesh, { generation, namespace: workload.namespace }),
  });
  const inFlight = new InFlightLanes();
  const seenIds = new SeenIds({ now });
  const loads = createEndpointLoads();
  const outliers = createOutlierDetector({ ...OUTLIER_DEFAULTS, now });
  let zone: string | undefined;
  const picker = createPicker({
    balancing: () => store.current().settings.balancing,
    zone: () => workload.zone ?? zone,
    clientAddress: config.podAddress ?? workload.pod,
    loads,
    outliers,
    random: Math.random,
  });
  const onDemand = onDemandOf(config, () => store.current());
  const former = new FormerEndpoints({ ...FORMER_DEFAULTS, now });
  const shared = {
    ...{ links: seenIds, inFlight, picker, untaggedInbound, appAddress },
    former,
    random: Math.random,
    newId: randomUUID,
    newKey: () => randomBytes(16).toString('base64url'),
    doubt: onDemand?.doubt,
  };
  let context: DecisionContext = { ...shared, workload, snapshot: store.current() };
  let mayBeExpected = config.podAddress === undefined || config.role === 'gateway';
  store.subscribe((snapshot) => {
    former.learn(context.snapshot, snapshot);
    context = { ...shared, workload: context.workload, snapshot };
    mayBeExpected ||= hasEndpointAt(snapshot, config.podAddress);
  });
  const learnZone = (name: string): void => {
    zone = name;
  };
  const learnLane = (lane: string): void => {
    if (lane !== context.workload.lane) context = { ...context, workload: { ...workload, lane } };
  };
  return {
    store,
    inFlight,
    seenIds,
    loads,
    outliers,
    learnZone,
    learnLane,
    workload: () => context.workload,
    onDemand,
    mayBeExpected: () => mayBeExpected,
    context: () => context,
  };
}

function onDemandOf(config: SidecarConfig, snapshot: () => Snapshot): OnDemandMesh | undefined {
  const { discovery, podAddress, workload } = config;
  if (discovery === undefined) return undefined;
  const isOnLoopback = podAddress !== undefined && isLoopback(podAddress);
  const address = podAddress === undefined ? undefined : keyOf(podAddress, isOnLoopback);
  // Whatever it is called: an app of a registry may have a name that is no host's.
  const app: InterestKey | undefined = workload.app === '' ? undefined : `host:${workload.app.toLowerCase()}`;
  const own = [address, app].filter((key) => key !== undefined);
  const maxKeys = maxInterests(config.role === 'gateway' ? { role: 'gateway' } : {});
  const book = new InterestBook({ maxKeys, idlePeriods: IDLE_PERIODS });
  const interests = new Interests({ waitMs: discovery.waitMs, own, book });
  return createOnDemand({ interests, snapshot, isOnLoopback });
}

function hasEndpointAt({ byAddress }: Snapshot, address: string | undefined): boolean {
  for (const owners of byAddress.values()) {
    if (
      owners.some(
        ({ endpoint }) => endpoint?.address === address || endpoint?.aliases?.includes(address ?? ''),
      )
    ) {
      return true;
    }
  }
  return false;
}
