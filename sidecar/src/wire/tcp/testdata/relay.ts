// A TCP driver alone: `node relay.ts PORT` relays to that port of loopback. Prints its own port, then, when its one connection
// is over, how many bytes the resident set has grown at its highest.
import { createServer } from 'node:net';
import { createTcpDriver } from '../tcp-driver.ts';

const at = { address: '127.0.0.1', port: Number(process.argv[2]) };
const end = (): void => {
  clearInterval(timer);
  process.stdout.write(`${highest - start}\n`);
  server.close();
};
const exchange = { refusal: undefined, target: at, requestEdits: [], responseEdits: [] };
const driver = createTcpDriver({
  handler: { open: () => ({ ...exchange, retry: () => false, responded: () => undefined, end }) },
  limits: { connectTimeoutMs: 5_000, idleTimeoutMs: 60_000 },
});
let start = 0;
let highest = 0;
const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 10);
const server = createServer({ allowHalfOpen: true }, (socket) => {
  start = process.memoryUsage.rss();
  driver.accept(socket, { direction: 'outbound', peer: at, local: at, destination: at });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') process.stdout.write(`${address.port}\n`);
});
