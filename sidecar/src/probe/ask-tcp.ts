import { connect } from 'node:net';
import { formatAddress, type SocketAddress } from '@lanekeeper/runtime/socket-address';
import { healthy, reasonOf, unhealthy, type Finding } from './finding.ts';

/** Healthy when something accepts the connection. */
export function askTcp(at: SocketAddress, signal: AbortSignal): Promise<Finding> {
  const where = formatAddress(at);
  return new Promise((resolve) => {
    const socket = connect({ host: at.address, port: at.port, signal });
    socket.once('connect', () => {
      resolve(healthy(`${where} accepts connections`));
      socket.destroy();
    });
    socket.on('error', (error) => resolve(unhealthy(`${where} accepts no connection: ${reasonOf(error)}`)));
  });
}
