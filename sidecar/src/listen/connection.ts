import type { Direction } from '@lanekeeper/protocol/hop';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

/** What is known of a downstream connection when it is accepted; one object a connection, shared by its requests. */
export interface Connection {
  readonly direction: Direction;
  readonly peer: SocketAddress;
  readonly local: SocketAddress;
  /** Where the client wanted to go: SO_ORIGINAL_DST, or the target of a CONNECT. Undefined: only the request tells. */
  readonly destination: SocketAddress | undefined;
  /** Set at a gateway's listener of its own. */
  readonly edge?: EdgeConnection | undefined;
}

/** What a gateway knows of a connection; `peer` is then the client that a PROXY protocol header names, where there is one. */
export interface EdgeConnection {
  /** Port of the listener, as the configuration has it. */
  readonly port: number;
  readonly isTls: boolean;
  /** SNI, lower-case; undefined: none was sent, or no TLS. */
  readonly serverName: string | undefined;
}
