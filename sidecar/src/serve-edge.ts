import { formatAddress } from '@lanekeeper/runtime/socket-address';
import { createDirectionDrivers } from './direction-drivers.ts';
import { bindAll } from './listen/bind.ts';
import { createEdgeAcceptor } from './listen/edge/accept-edge.ts';
import { Certificates } from './listen/edge/certificates.ts';
import { EdgeListeners, type EdgePort } from './listen/edge/edge-listeners.ts';
import type { PortPlan } from './listen/edge/plan-ports.ts';
import { closeListener, listenRequest, type DirectionOptions } from './serve-direction.ts';

export interface EdgeOptions {
  /** The gateway's own. */
  readonly direction: Omit<DirectionOptions, 'addresses' | 'setting'>;
  /** Where ports are bound. */
  readonly hosts: readonly string[];
  readonly retryMs?: number;
}

/** A port that somebody else has may be free soon. */
const RETRY_MS = 2_000;

/** The listeners that a gateway is told of, as they come and go. */
export function createEdge({ direction, hosts, retryMs = RETRY_MS }: EdgeOptions): EdgeListeners {
  const { limits, log } = direction;
  const certificates = new Certificates({ handshakeTimeoutMs: limits.headTimeoutMs });
  const open = (plan: PortPlan): Promise<EdgePort> => openPort(plan, { direction, hosts, certificates });
  return new EdgeListeners({ open, certificates, retryMs, drainTimeoutMs: limits.drainTimeoutMs, log });
}

interface OpenOptions extends Pick<EdgeOptions, 'direction' | 'hosts'> {
  readonly certificates: Certificates;
}

/** Each port has drivers of its own, so that it can drain by itself. */
async function openPort(plan: PortPlan, { direction, hosts, certificates }: OpenOptions): Promise<EdgePort> {
  const { limits, log } = direction;
  const drivers = createDirectionDrivers(direction);
  const acceptor = createEdgeAcceptor(plan, {
    certificates,
    beginMs: limits.headTimeoutMs,
    targets: {
      plain: (socket, connection) => drivers.acceptor.acceptTunnel(socket, connection),
      http1: (socket, connection) => drivers.http.accept(socket, connection),
      http2: (socket, connection) => drivers.http2.accept(socket, connection),
    },
    refused: (reason, { peer }) =>
      log.debug({ port: plan.port, peer: formatAddress(peer), reason }, 'connection_closed'),
  });
  const accept = acceptor.accept.bind(acceptor);
  const requests = hosts.map((address) =>
    listenRequest(direction, { name: `port ${plan.port}`, address: { address, port: plan.port }, accept }),
  );
  const listeners = await bindAll(requests).catch((error: unknown) => {
    drivers.close();
    throw error;
  });
  return {
    update: (next) => acceptor.update(next),
    async drain() {
      const stopped = listeners.map((listener) => listener.stop());
      await acceptor.drain();
      await Promise.all([...stopped, drivers.drain()]);
    },
    close() {
      acceptor.close();
      drivers.close();
      for (const listener of listeners) closeListener(listener);
    },
  };
}
