import type { EdgeConfig } from './edge.ts';
import type {
  ColourRule,
  GatewayConfig,
  LaneConfig,
  LaneGroupConfig,
  MeshSettings,
  ServiceConfig,
} from './model.ts';

/**
 * Discovery: one bidirectional gRPC stream from each sidecar to the control plane; every message is one JSON object in UTF-8
 * (`application/grpc+json`). The sidecar says hello, then which keys it is interested in; the control plane sends the services
 * that these keys mean, again whenever they change, and nothing else. Each update is acknowledged or refused.
 *
 * - The answer to a hello is always one update, even where there is nothing new in it: the sidecar is in step then.
 * - One update is under way at a time; the next one comes after its ack or nack.
 * - A sidecar that comes back says what it holds and then, in one message, all keys that it is interested in. Until that
 *   message nothing that it holds is taken away.
 * - A refused update of several things is sent again one by one, so that one bad service does not hold up the others; what is
 *   refused alone is not sent again until its content changes.
 * - A large answer comes in several updates; a key is `answered` with the last of its services.
 *
 * How the control plane ends a stream, as a gRPC status; details are `<code>: <sentence>`:
 * - OK: come back at once, on a new connection if the old one has gone away (age of the stream or the token; another replica is to serve);
 * - UNAUTHENTICATED: the token is absent, wrong or expired; read its file again;
 * - PERMISSION_DENIED: the token is of another pod or namespace than the hello says;
 * - INVALID_ARGUMENT: a message that the contract does not know; RESOURCE_EXHAUSTED: slower than allowed, or too much at once;
 * - ABORTED: the same pod has opened a newer stream; UNAVAILABLE: this replica cannot serve now, try another one.
 */
export const DISCOVERY_METHOD = '/lanekeeper.discovery.v1.Discovery/Stream';

/** Metadata of the call that carries the projected service account token: `authorization: Bearer <token>`. */
export const TOKEN_METADATA = 'authorization';

/** Characters of a key: a name of 253 with its prefix, and some room. A longer one ends the stream. */
export const MAX_KEY_LENGTH = 300;

/** Most keys that one sidecar may be interested in at a time; it lets the longest unused go. */
export const MAX_INTERESTS = 4_096;

/** Of a gateway, which is interested in the services of all hosts that it serves. */
export const MAX_GATEWAY_INTERESTS = 10_000;

export function maxInterests({ role }: Pick<NodeIdentity, 'role'>): number {
  return role === 'gateway' ? MAX_GATEWAY_INTERESTS : MAX_INTERESTS;
}

/** Largest message of a sidecar, and of the control plane: a service of 50,000 endpoints. */
export const MAX_CLIENT_MESSAGE_BYTES = 2 * 1024 * 1024;
export const MAX_UPDATE_BYTES = 16 * 1024 * 1024;

/**
 * What a sidecar wants to know the services of: a host as an authority has it (lower-case, no port; bare names are of the
 * sidecar's own namespace) or an address that it was asked to connect to (ClusterIP, pod).
 */
export type InterestKey = `host:${string}` | `ip:${string}`;

export type ClientMessage = Hello | Interest | Ack | Nack | Draining;

/** First message of a stream. */
export interface Hello {
  readonly kind: 'hello';
  readonly node: NodeIdentity;
  /** Service id -> version, and the version of the mesh part, that the sidecar still holds from an earlier stream. */
  readonly holds: {
    readonly mesh?: string;
    readonly edge?: string;
    readonly services: Readonly<Record<string, string>>;
  };
  /** It has said {@link Draining} on an earlier stream; absent: it serves, whatever was said of its workload before. */
  readonly draining?: true;
}

/** Who the sidecar is; must agree with its token. */
export interface NodeIdentity {
  readonly pod: string;
  readonly namespace: string;
  /** Empty: nothing names it. */
  readonly app: string;
  readonly lane: string;
  /** Absent: beside a workload. A gateway is also told the edge, if its service account is the one that gateways have. */
  readonly role?: 'gateway';
  readonly address?: string;
  /** Version of the program. */
  readonly version: string;
}

export interface Interest {
  readonly kind: 'interest';
  readonly add: readonly InterestKey[];
  readonly remove: readonly InterestKey[];
}

export interface Ack {
  readonly kind: 'ack';
  readonly nonce: string;
}

/** What was sent cannot be used; the sidecar keeps what it had. */
export interface Nack {
  readonly kind: 'nack';
  readonly nonce: string;
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

/** The workload is about to go: nobody is to be sent to it any more. Its sidecar goes on listening for its drain delay. */
export interface Draining {
  readonly kind: 'draining';
}

/** What changed for this sidecar; everything in it is put in force together. */
export interface Update {
  readonly kind: 'update';
  readonly nonce: string;
  /** Absent: as before. */
  readonly mesh?: { readonly version: string; readonly value: MeshPart };
  /** What a gateway serves; absent: as before, or the sidecar is none. */
  readonly edge?: { readonly version: string; readonly value: EdgeConfig };
  /** New and changed services. */
  readonly services: readonly {
    readonly id: string;
    readonly version: string;
    readonly value: ServiceConfig;
  }[];
  /** Services (ids) that this sidecar is to forget. */
  readonly removed: readonly string[];
  /** Keys that are answered with this update for the first time, also those that mean no service of the mesh. */
  readonly answered: readonly InterestKey[];
  /** Zone of the sidecar's own pod, once it is known. */
  readonly zone?: string;
  /** Lane of the sidecar's own pod as the lanes' selectors say, `base` for none; absent: as before, at first as its environment says. */
  readonly lane?: string;
}

export type ServerMessage = Update;

/** All of a mesh that is not its services: sent to every sidecar whole. */
export interface MeshPart {
  readonly settings: MeshSettings;
  readonly groups: readonly LaneGroupConfig[];
  readonly lanes: readonly LaneConfig[];
  readonly colouring: readonly ColourRule[];
  readonly gateway: GatewayConfig;
}
