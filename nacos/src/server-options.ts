import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

/** Where a Nacos server, or a cluster of several, is reached, and as whom. */
export interface ServerOptions {
  /** How people call it: in messages and as a label of metrics. */
  readonly name: string;
  /** HTTP addresses of its members, at least one; each is as good as another. */
  readonly servers: readonly SocketAddress[];
  /** gRPC listens at the HTTP port plus this; 1000 unless the server is told otherwise. */
  readonly grpcPortOffset: number;
  /** `/nacos` */
  readonly contextPath: string;
  /** Namespace id; empty: public. */
  readonly namespace: string;
  readonly credentials: Credentials | undefined;
  readonly tls: TlsOptions | undefined;
  /** `grpc`: Nacos 2 and newer; `http`: Nacos 1; `auto` asks the server once it is reached. */
  readonly protocol: 'auto' | 'grpc' | 'http';
}

export interface Credentials {
  readonly username: string;
  /** Asked for at each login: it may have been changed meanwhile. The text stands in no message, log line or error. */
  readonly password: () => Promise<string>;
}

export interface TlsOptions {
  /** PEM of the authorities that may have signed the server's certificate; undefined: those that the system trusts. */
  readonly ca: string | undefined;
}
