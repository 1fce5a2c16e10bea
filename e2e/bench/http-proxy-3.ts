// http-proxy-3 alone, as its README shows it, with a keep-alive agent. `node http-proxy-3.ts PORT ORIGIN_PORT`
import { Agent, createServer } from 'node:http';
import { createProxyServer } from 'http-proxy-3';

const [port, originPort] = process.argv.slice(2).map(Number);
const proxy = createProxyServer({
  target: { host: '127.0.0.1', port: originPort ?? 0 },
  agent: new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 512 }),
});
proxy.on('error', (error: Error) => process.stderr.write(`${error.message}\n`));
createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1', () => {
  process.stdout.write('listening\n');
});
