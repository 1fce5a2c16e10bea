import type { NodeIdentity } from '@lanekeeper/protocol/discovery';
import type { EdgeConfig } from '@lanekeeper/protocol/edge';
import type { MeshConfig } from '@lanekeeper/protocol/model';
import { BASELINE } from '@lanekeeper/protocol/lane-name';
import { startFileSource } from '@lanekeeper/mesh-file/file-source';
import type { Log } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import { formatAddress } from '@lanekeeper/runtime/socket-address';
import type { DiscoveryConfig, SidecarConfig } from './config.ts';
import type { DiscoveryClient } from './discovery/discovery-client.ts';
import { registerDiscoveryMetrics } from './discovery/discovery-metrics.ts';
import { DiscoveryState, type DiscoveryStatus } from './discovery/discovery-state.ts';
import { gatewayKeys, MAX_GATEWAY_SERVICES } from './discovery/gateway-keys.ts';
import type { MeshView } from './mesh-view.ts';
import { VERSION } from './version.ts';
import type { OnDemandMesh } from './on-demand.ts';
import type { Workload } from './workload.ts';

export interface MeshSourceOptions {
  readonly config: SidecarConfig;
  readonly mesh: MeshView;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Where the mesh comes from: a file, a control plane, or nowhere. */
export interface MeshSource {
  /** Throws a ConfigError where a file is missing or wrong. A control plane is not waited for. */
  start(): Promise<void>;
  /** Why this sidecar cannot serve yet. */
  notReady(): string | undefined;
  /** Undefined where no control plane is asked. */
  status(): DiscoveryStatus | undefined;
  /** What a gateway serves beside the routes of the mesh; undefined: nothing has been said of it. */
  edge(): EdgeConfig | undefined;
  /** Tells whoever sends others here that this workload is about to go. */
  drain(): void;
  close(): void;
}

export function createMeshSource(options: MeshSourceOptions): MeshSource {
  const { config, mesh } = options;
  if (config.discovery !== undefined && mesh.onDemand !== undefined) {
    return streamSource(options, config.discovery, mesh.onDemand);
  }
  let close = (): void => undefined;
  return {
    async start() {
      const path = config.configFile;
      if (path === undefined) return;
      const file = await startFileSource({ path, sink: mesh.store, log: options.log });
      close = () => file.close();
    },
    notReady: () => undefined,
    status: () => undefined,
    edge: () => undefined,
    drain: () => undefined,
    close: () => close(),
  };
}

function streamSource(
  options: MeshSourceOptions,
  discovery: DiscoveryConfig,
  onDemand: OnDemandMesh,
): MeshSource {
  const { config, mesh, metrics, log } = options;
  const { interests } = onDemand;
  const state = new DiscoveryState({
    controlPlane: formatAddress(discovery.address),
    unanswered: () => interests.unanswered(),
  });
  registerDiscoveryMetrics(metrics, state, interests);
  let inForce: MeshConfig | undefined;
  const keepServices = (next: MeshConfig): void => {
    const keys = gatewayKeys(next);
    if (keys.length > MAX_GATEWAY_SERVICES)
      log.warn({ services: keys.length, asked: MAX_GATEWAY_SERVICES }, 'gateway_services_too_many');
    interests.keep(keys.slice(0, MAX_GATEWAY_SERVICES));
  };
  const sink = {
    accept(next: MeshConfig): void {
      mesh.store.accept(next);
      onDemand.learn(next);
      if (config.role === 'gateway' && !hasSameRoutes(next, inForce)) keepServices(next);
      inForce = next;
    },
    reject: mesh.store.reject.bind(mesh.store),
    zone: mesh.learnZone,
    lane: mesh.learnLane,
  };
  let client: DiscoveryClient | undefined;
  return {
    async start() {
      // gRPC is only loaded where it is used: it costs megabytes.
      const discoveryClient = await import('./discovery/discovery-client.ts');
      client = new discoveryClient.DiscoveryClient({
        ...{ config: discovery, interests, sink, state, log },
        node: () => identityOf(config, mesh.workload()),
      });
      client.start();
    },
    notReady: () => state.notReady(),
    status: () => state.status(),
    edge: () => inForce?.edge,
    drain: () => client?.drain(),
    close() {
      interests.close();
      client?.close();
    },
  };
}

function identityOf({ role, podAddress }: SidecarConfig, workload: Workload): NodeIdentity {
  const { pod, namespace, app, lane } = workload;
  return {
    ...{ pod, namespace, app, lane: lane === BASELINE ? '' : lane, version: VERSION },
    ...(role === 'gateway' ? { role } : {}),
    ...(podAddress === undefined ? {} : { address: podAddress }),
  };
}

/** The parts of a mesh are the same objects until they change. */
function hasSameRoutes(next: MeshConfig, before: MeshConfig | undefined): boolean {
  return next.gateway === before?.gateway && next.edge === before.edge;
}
