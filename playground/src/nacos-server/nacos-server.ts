/** PEM files; the certificate must be for `localhost` and 127.0.0.1. */
export interface NacosTls {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** The authority that signed it. */
  readonly caFile: string;
}

export interface NacosServerOptions {
  /** Asks everybody for a login; the one user is `nacos`, with this password. */
  readonly auth?: { readonly password: string };
  /** HTTP and gRPC over TLS, and nothing else. */
  readonly tls?: NacosTls;
  /** Of the Java heap; default 128 MB, which does for some thousand instances. */
  readonly heapMb?: number;
  /** Further settings of Nacos. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Where data and logs stand and stay; default: a temporary folder that is removed at the end. */
  readonly home?: string;
}

export const NACOS_USER = 'nacos';

/** A real Nacos server on loopback that can be mistreated. It does not outlive this process. */
export interface NacosServer {
  readonly address: string;
  readonly httpPort: number;
  /** The HTTP port plus 1000. */
  readonly grpcPort: number;
  /** Of the process that runs now; undefined where it is not one of this machine's. */
  pid(): number | undefined;
  /** What it said, for people. */
  log(): Promise<string>;
  /** Ends it in order and removes all that it left; there is nothing to do with it after that. */
  stop(): Promise<void>;
  /** Ends it at once; `start` brings it back with its data. */
  kill(): Promise<void>;
  /** Starts it again on the same ports; resolves when it is ready. */
  start(): Promise<void>;
  /** In order, and up again. */
  restart(): Promise<void>;
  /** It stays, keeps its connections, and does nothing until `resume`. */
  hang(): Promise<void>;
  resume(): Promise<void>;
  /** Kills it and starts it without anything that it knew: instances, configuration, users but the one of `auth`. */
  loseData(): Promise<void>;
}
