import { createServer } from 'node:net';
import { createHttpDriver } from '../http/http-driver.ts';
import { fixedHandler } from './fixed-handler.ts';

// The slow driver as a process of its own: argument the target's port; sends its own; answers a message with its resident set.
const target = { address: '127.0.0.1', port: Number(process.argv[2]) };
const driver = createHttpDriver({
  handler: fixedHandler({ targets: [target] }),
  limits: {
    connectTimeoutMs: 2_000,
    headTimeoutMs: 5_000,
    idleTimeoutMs: 10_000,
    responseTimeoutMs: 0,
    drainDelayMs: 0,
    drainTimeoutMs: 5_000,
    maxHeadBytes: 65_536,
    maxConnections: 1_000,
  },
  onTunnel: (socket) => socket.destroy(),
});
const listener = createServer({ allowHalfOpen: true }, (socket) =>
  driver.accept(socket, { direction: 'outbound', peer: target, local: target, destination: target }),
);
listener.listen(0, '127.0.0.1', () => {
  const address = listener.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
process.on('message', () => process.send?.(process.memoryUsage.rss()));
process.on('disconnect', () => process.exit());
