/** What a test asks a client pod to do, and what it gets: the contract of `client.ts`. Everything is JSON. */
export interface Actions {
  /** One request on a connection of its own. */
  readonly ask: { readonly ask: Ask; readonly answer: Answered };
  /** Requests until `total` is reached or `stop` is asked, in the background; one load of a name at a time. */
  readonly start: { readonly ask: LoadOrder; readonly answer: Record<string, never> };
  /** How far a load is. */
  readonly report: { readonly ask: { readonly name: string }; readonly answer: LoadReport };
  /** Ends a load once its requests in flight are over. */
  readonly stop: { readonly ask: { readonly name: string }; readonly answer: LoadReport };
  /** Messages over one WebSocket. */
  readonly websocket: { readonly ask: Conversation; readonly answer: readonly string[] };
  /** Messages over one gRPC stream, or each as a call of its own. */
  readonly grpc: {
    readonly ask: Conversation & { readonly unary: boolean };
    readonly answer: readonly string[];
  };
  /** A stream to the control plane as a sidecar opens it. */
  readonly discover: { readonly ask: Discover; readonly answer: Discovered };
}

export type Action = keyof Actions;

export interface Ask {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

export interface LoadOrder extends Ask {
  readonly name: string;
  /** Absent: until it is stopped. */
  readonly total?: number;
  readonly concurrency: number;
  /** False: a connection of its own for each request. */
  readonly keepAlive: boolean;
  /** Header that gets another value in each request. */
  readonly numbered?: string;
}

export interface LoadReport {
  readonly isOver: boolean;
  readonly ended: number;
  readonly ok: number;
  /** `ECONNRESET`, `status 503: no healthy endpoint`, … to how many. */
  readonly errors: Readonly<Record<string, number>>;
  /** Body of a good answer to how many. */
  readonly answers: Readonly<Record<string, number>>;
  /** Body to when it was first seen, ms since 1970. */
  readonly firstSeen: Readonly<Record<string, number>>;
  readonly slowestMs: number;
}

export interface Conversation {
  /** `host:port` */
  readonly authority: string;
  /** Sent as a tag; absent: none. */
  readonly lane?: string;
  readonly messages: readonly string[];
}

export interface Discover {
  /** `host:port` of the control plane. */
  readonly address: string;
  /** PEM */
  readonly ca: string;
  readonly tokenFile: string;
  readonly hello: unknown;
}

/** Code and words of the status that ended the stream, or the kind of the first message. */
export type Discovered =
  { readonly refused: { readonly code: number; readonly details: string } } | { readonly kind: string };
