import type { Direction } from '@lanekeeper/protocol/hop';
import type { AppProtocol } from '@lanekeeper/protocol/model';
import { VARIABLES } from '@lanekeeper/protocol/variables';
import type { Log } from '@lanekeeper/runtime/log';
import type { SidecarConfig } from './config.ts';
import type { Exchanges } from './exchange/request-exchange.ts';
import { createGateway } from './gateway.ts';
import { createInbound } from './inbound.ts';
import type { Connection } from './listen/connection.ts';
import { createOriginalDestination } from './listen/original-destination.ts';
import { createOwnListeners } from './listen/own-listeners.ts';
import type { MeshView } from './mesh-view.ts';
import type { OnDemand } from './on-demand.ts';
import { createOutbound } from './outbound.ts';
import { protocolAt } from './route/resolve-destination.ts';
import type { Snapshot } from './route/snapshot.ts';
import { serveDirection, type DirectionOptions, type ServedDirection } from './serve-direction.ts';
import { createEdge } from './serve-edge.ts';
import type { Telemetry } from './telemetry.ts';

export interface DirectionsOptions {
  readonly config: SidecarConfig;
  readonly mesh: MeshView;
  readonly telemetry: Telemetry;
  readonly exchanges: Exchanges;
  readonly log: Log;
  /** Absent: the whole mesh is known. */
  readonly onDemand?: OnDemand | undefined;
}

/** The directions of a role, listening: a sidecar has two, a gateway has one. All bind or none does. */
export async function serveDirections(options: DirectionsOptions): Promise<readonly ServedDirection[]> {
  const served: ServedDirection[] = [];
  try {
    for (const direction of directionsOf(options.config.role)) {
      const described = describe(direction, options);
      served.push(
        direction === 'gateway' ? await serveGateway(described, options) : await serveDirection(described),
      );
    }
    return served;
  } catch (error) {
    for (const direction of served) direction.close();
    throw error;
  }
}

/** Addresses of the settings, and the listeners that the control plane tells of, as they come and go. */
async function serveGateway(
  described: DirectionOptions,
  { config, mesh }: DirectionsOptions,
): Promise<ServedDirection> {
  const served = await serveDirection(described);
  const edge = createEdge({ direction: described, hosts: config.listen.gatewayHosts });
  const unsubscribe = mesh.store.subscribe((_snapshot, { edge: wanted }) => edge.apply(wanted));
  edge.apply(mesh.store.config().edge);
  return {
    ...served,
    listeners: () => edge.state(),
    async drain() {
      unsubscribe();
      await Promise.all([served.drain(), edge.drain()]);
    },
    close() {
      unsubscribe();
      edge.close();
      served.close();
    },
  };
}

export function directionsOf(role: SidecarConfig['role']): readonly [Direction, ...Direction[]] {
  return role === 'gateway' ? ['gateway'] : ['outbound', 'inbound'];
}

function describe(direction: Direction, options: DirectionsOptions): DirectionOptions {
  const { config, mesh, telemetry, exchanges, log, onDemand } = options;
  const { listen, limits, detect } = config;
  const parts = { context: mesh.context, exchanges, onDemand };
  const { inFlight, seenIds } = mesh;
  const rows = {
    outbound: { setting: VARIABLES.outboundListen, handler: createOutbound(parts) },
    inbound: { setting: VARIABLES.inboundListen, handler: createInbound({ ...parts, inFlight, seenIds }) },
    gateway: { setting: VARIABLES.gatewayListen, handler: createGateway(parts) },
  };
  return {
    ...rows[direction],
    direction,
    addresses: listen[direction],
    limits,
    detect,
    protocolOf: (connection) => protocolOf(connection, mesh.store.current()),
    prepare: onDemand?.beforeConnection,
    originalDestination: createOriginalDestination((error) =>
      log.warn({ err: error }, 'interception_unavailable'),
    ),
    isOwnListener: createOwnListeners([...listen.outbound, ...listen.inbound, ...listen.gateway]),
    connections: telemetry.dataPath.connections(direction),
    log,
  };
}

/** What the mesh says of the port that a connection is for; nothing opaque comes to a gateway. */
function protocolOf(connection: Connection, snapshot: Snapshot): AppProtocol {
  if (connection.direction === 'gateway') return 'http';
  if (connection.destination === undefined) return 'auto';
  return protocolAt(snapshot, connection.destination);
}
