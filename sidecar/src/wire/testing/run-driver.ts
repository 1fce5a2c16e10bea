import { createServer } from 'node:net';
import { fixedHandler } from './fixed-handler.ts';
import { LIMITS } from './generous-limits.ts';
import type { CreateDriver } from './start-driver.ts';

/** A driver as a process of its own: argument the target's port; sends its own; answers a message with its resident set. */
export function runDriver(create: CreateDriver): void {
  const target = { address: '127.0.0.1', port: Number(process.argv[2]) };
  const driver = create({
    handler: fixedHandler({ targets: [target] }),
    limits: LIMITS,
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
}
