import type { Direction } from '@lanekeeper/protocol/hop';
import type { RootLog } from '@lanekeeper/runtime/log';
import type { Metrics } from '@lanekeeper/runtime/metrics';
import type { SidecarConfig } from '../config.ts';
import type { Audit } from '../exchange/audit.ts';
import type { HopRing } from '../exchange/hop-ring.ts';
import type { ExplainRequest } from '../route/explain.ts';
import type { EdgeListenerState } from '../listen/edge/edge-listeners.ts';
import type { Snapshot } from '../route/snapshot.ts';
import type { ShownEdge } from './show-edge.ts';

/** What the admin server shows and may touch. */
export interface AdminDeps {
  readonly hops: Pick<HopRing, 'read' | 'lastId' | 'since' | 'subscribe' | 'toHop' | 'idOf'>;
  readonly audit: Pick<Audit, 'rows'>;
  readonly metrics: Pick<Metrics, 'expose'>;
  readonly config: SidecarConfig;
  readonly mesh: () => MeshState;
  readonly snapshot: () => Snapshot;
  readonly endpointState: (key: string) => EndpointState;
  /** A dry run by the newest snapshot. */
  readonly explain: (request: ExplainRequest) => unknown;
  /** The directions that this role has; the first is the one that `explain` takes by itself. */
  readonly directions: readonly [Direction, ...Direction[]];
  readonly log: Pick<RootLog, 'level' | 'setLevel' | 'info'>;
  /** Begins to drain; further calls change nothing. */
  readonly drain: () => void;
}

/** The mesh configuration in use, and the last one that was refused since. */
export interface MeshState {
  readonly generation: string;
  /** RFC 3339; null before the first. */
  readonly appliedAt: string | null;
  readonly rejected: {
    readonly at: string;
    readonly problems: readonly { readonly path: string; readonly message: string }[];
  } | null;
  /** Lane of this pod as it is now; `base` for none. */
  readonly lane?: string;
  /** What a gateway serves, without private keys. */
  readonly edge?: ShownEdge;
  /** What became of a gateway's listeners. */
  readonly listeners?: readonly EdgeListenerState[];
  /** The stream to the control plane; absent where the mesh comes from a file. */
  readonly discovery?: object;
}

/** What this sidecar itself knows of an endpoint. */
export interface EndpointState {
  readonly inFlight: number;
  readonly ejected: boolean;
}
