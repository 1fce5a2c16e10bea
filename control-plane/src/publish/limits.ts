import type { ConnectionLimits } from './discovery-server.ts';
import type { PublishLimits } from './publisher.ts';

/** Of one replica; beyond it others are wanted. */
const MAX_STREAMS = 5_000;

export const PUBLISH_LIMITS: PublishLimits = {
  maxStreams: MAX_STREAMS,
  helloMs: 10_000,
  answerMs: 15_000,
  // Tokens live an hour and are renewed after 48 minutes at the latest; a stream that is over in half of it always finds a fresh one.
  ageMs: 30 * 60_000,
  minAgeMs: 60_000,
  maxBufferedBytes: 64 * 1024 * 1024,
  quietMs: 20,
  maxQuietMs: 200,
  // A request waits five seconds for the answer (LANEKEEPER_DISCOVERY_WAIT_MS).
  searchMs: 4_000,
};

export const CONNECTION_LIMITS: ConnectionLimits = {
  // Each sidecar may have an old one and a new one.
  maxConnections: 2 * MAX_STREAMS,
  firstStreamMs: 10_000,
  idleMs: 60_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  connectionAgeMs: 30 * 60_000,
};
