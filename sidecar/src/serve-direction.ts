import type { Direction } from '@lanekeeper/protocol/hop';
import type { Gauge } from '@lanekeeper/runtime/metrics';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { createDirectionDrivers, type DirectionDriversOptions } from './direction-drivers.ts';
import { bindAll, type Listener, type ListenRequest } from './listen/bind.ts';
import type { EdgeListenerState } from './listen/edge/edge-listeners.ts';

export interface DirectionOptions extends DirectionDriversOptions {
  /** The setting that names the addresses, for messages. */
  readonly setting: string;
  readonly addresses: readonly SocketAddress[];
  readonly connections: Pick<Gauge, 'add'>;
}

/** A direction that listens and serves. */
export interface ServedDirection {
  readonly direction: Direction;
  readonly addresses: readonly SocketAddress[];
  /** What became of the listeners that a gateway was told of. */
  readonly listeners?: () => readonly EdgeListenerState[];
  /** Stops accepting, finishes what is in flight. */
  drain(): Promise<void>;
  /** Destroys what is left. */
  close(): void;
}

/** listen -> original destination -> protocol -> driver -> handler, from top to bottom. */
export async function serveDirection(options: DirectionOptions): Promise<ServedDirection> {
  const drivers = createDirectionDrivers(options);
  const accept: ListenRequest['onConnection'] = (socket) => drivers.acceptor.accept(socket);
  const listeners = await bindAll(
    options.addresses.map((address) => listenRequest(options, { name: options.setting, address, accept })),
  );
  return {
    direction: options.direction,
    addresses: listeners.map((listener) => listener.address),
    async drain() {
      const stopped = listeners.map((listener) => listener.stop());
      await Promise.all([...stopped, drivers.drain()]);
    },
    close() {
      drivers.close();
      for (const listener of listeners) closeListener(listener);
    },
  };
}

/** A listener whose connections are counted. */
export function listenRequest(
  {
    direction,
    limits,
    connections,
    log,
  }: Pick<DirectionOptions, 'direction' | 'limits' | 'connections' | 'log'>,
  {
    name,
    address,
    accept,
  }: Pick<ListenRequest, 'name' | 'address'> & { accept: ListenRequest['onConnection'] },
): ListenRequest {
  const { maxConnections } = limits;
  return {
    name,
    address,
    maxConnections,
    onConnection(socket) {
      connections.add(1);
      socket.once('close', () => connections.add(-1));
      accept(socket);
    },
    onDropped: (peer) => log.warn({ direction, peer, maxConnections }, 'connection_refused'),
  };
}

export function closeListener(listener: Listener): void {
  void listener.stop();
  listener.destroy();
}
