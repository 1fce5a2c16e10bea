/** How far the sidecars of a lane's group are, of all replicas together. */
export interface LaneAcks {
  /** Undefined: there is no such lane. */
  of(lane: LaneId): LaneAck | undefined;
  /** Told after something in it has changed, not more often than people can read. Returns the function that ends it. */
  subscribe(listener: () => void): () => void;
}

export interface LaneId {
  /** As the mesh calls it: `namespace/name` for one of a LaneGroup, empty for none. */
  readonly group: string;
  readonly name: string;
}

export interface LaneAck {
  /** Of what routes the lane's requests: a hash by content. */
  readonly generation: string;
  /** Sidecars that run the lane as it is now; while it waits, those that route it as it is to be. */
  readonly acknowledged: number;
  /** Connected sidecars of pods that are endpoints of the group's services, and gateways. */
  readonly of: number;
  /** `waiting`, and `timed-out` after too long: its new rules wait for all to route it; then they are in force without. */
  readonly state: 'open' | 'waiting' | 'timed-out';
  /** The first few pods that have not, as `namespace/name`. */
  readonly missing: readonly string[];
  /** What is waited for, or was waited for in vain, as a sentence. */
  readonly reason?: string;
}
