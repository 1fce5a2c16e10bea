import { createServer } from 'node:http';
import { once } from 'node:events';
import { ConfigError } from '../env.ts';
import { runProgram } from '../lifecycle.ts';
import { createLogger } from '../log.ts';

const server = createServer((request, response) => {
  response.write('started ');
  request.on('end', () => response.end('finished')).resume();
});

process.exitCode = await runProgram({
  build() {
    if (process.argv[2] === 'bad') {
      throw new ConfigError([
        { path: 'APP_PORT', message: 'expected a port' },
        { path: 'APP_LISTEN_ADDRESS', message: 'expected an address' },
      ]);
    }
    const log = createLogger({ level: 'info', name: 'program' });
    return {
      log,
      drainTimeoutMs: 15_000,
      async start() {
        server.listen(Number(process.argv[3] ?? 0), '127.0.0.1');
        await once(server, 'listening');
        log.info({ address: server.address() }, 'listening');
      },
      async drain() {
        server.close();
        await once(server, 'close');
      },
      close: () => server.closeAllConnections(),
    };
  },
});
