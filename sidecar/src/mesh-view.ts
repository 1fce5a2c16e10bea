import { OUTLIER_DEFAULTS, createOutlierDetector, type OutlierDetector } from './cluster/outlier.ts';
import { createEndpointLoads, type EndpointLoads } from './cluster/endpoint-loads.ts';
import { createPicker } from './cluster/create-picker.ts';
import type { SidecarConfig } from './config.ts';
import { SnapshotStore } from './discovery/store.ts';
import { InFlightLanes } from './lane/in-flight.ts';
import { SeenIds } from './lane/seen-ids.ts';
import { compileSnapshot } from './route/compile-snapshot.ts';
import type { DecisionContext } from './route/decision-context.ts';

/** What decisions look at: the snapshot in force, and what this process has seen of lanes and endpoints. */
export interface MeshView {
  readonly store: SnapshotStore;
  readonly inFlight: InFlightLanes;
  readonly seenIds: SeenIds;
  readonly loads: EndpointLoads;
  readonly outliers: OutlierDetector;
  /** The zone of this pod, where the environment does not name it. */
  readonly learnZone: (zone: string) => void;
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
  const shared = { workload, links: seenIds, inFlight, picker, untaggedInbound, appAddress };
  let context: DecisionContext = { ...shared, snapshot: store.current() };
  store.subscribe((snapshot) => {
    context = { ...shared, snapshot };
  });
  const learnZone = (name: string): void => {
    zone = name;
  };
  return { store, inFlight, seenIds, loads, outliers, learnZone, context: () => context };
}
