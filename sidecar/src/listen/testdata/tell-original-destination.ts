// Listens on the addresses in its arguments and tells each client where the client wanted to go, or `direct`.
import { createServer } from 'node:net';
import { formatAddress, parseAddress } from '@lanekeeper/runtime/socket-address';
import { createOriginalDestination } from '../original-destination.ts';

const originalDestination = createOriginalDestination((error) => {
  throw error;
});
const servers = process.argv.slice(2).map((text) => {
  const at = parseAddress(text);
  if (at === undefined) throw new Error(`expected an address, found ${text}`);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    const original = originalDestination(socket);
    socket.end(original === undefined ? 'direct' : `redirected from ${formatAddress(original)}`);
  });
  return new Promise<void>((resolve) => {
    server.listen({ host: at.address, port: at.port, ipv6Only: true }, resolve);
  });
});
await Promise.all(servers);
process.stdout.write('listening\n');
