import type { Direction } from '@lanekeeper/protocol/hop';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';

/** What is known of a downstream connection when it is accepted; one object a connection, shared by its requests. */
export interface Connection {
  readonly direction: Direction;
  readonly peer: SocketAddress;
  readonly local: SocketAddress;
  /** Where the client wanted to go: SO_ORIGINAL_DST, or the target of a CONNECT. Undefined: only the request tells. */
  readonly destination: SocketAddress | undefined;
}
