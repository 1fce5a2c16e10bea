import type { NodeIdentity } from '@lanekeeper/protocol/discovery';

/** Whose token it is, as somebody says who can tell. */
export interface Caller {
  readonly pod: string;
  /** Undefined: nobody vouches that there is one pod of that name only. */
  readonly podUid: string | undefined;
  readonly namespace: string;
  /** May be told what gateways serve, private keys included. Absent: it may not. */
  readonly isGateway?: boolean;
  /** When the token ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** A token that several sidecars may show. */
export interface Grant {
  /** The sidecar that says this of itself. Throws a StreamEnd where the token is not for it. */
  callerFor(node: NodeIdentity): Caller;
  /** False: the token has been taken out, or means something else now. */
  isInForce(): boolean;
}

/** Tells who is behind a token. */
export interface Authenticator {
  /** Undefined: this control plane asks for no tokens. Throws a StreamEnd. */
  authenticate(token: string | undefined): Promise<Caller | Grant | undefined>;
  /** Told when grants may not be in force any more. Returns the function that ends it. */
  onChange?(listener: () => void): () => void;
}

/** For a control plane that only this machine can reach. */
export const NO_AUTHENTICATION: Authenticator = { authenticate: () => Promise.resolve(undefined) };
