/** Whose token it is, as the API server says. */
export interface Caller {
  readonly pod: string;
  readonly podUid: string;
  readonly namespace: string;
  /** When the token ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** Tells who is behind a token. */
export interface Authenticator {
  /** Undefined: this control plane asks for no tokens. Throws a StreamEnd. */
  authenticate(token: string | undefined): Promise<Caller | undefined>;
}

/** For a control plane that only this machine can reach. */
export const NO_AUTHENTICATION: Authenticator = { authenticate: () => Promise.resolve(undefined) };
