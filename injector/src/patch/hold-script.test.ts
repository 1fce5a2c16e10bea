import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { holdScript } from './hold-script.ts';

const run = promisify(execFile);

describe('the hold script', () => {
  it('ends when the sidecar has become ready, not before', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      response.writeHead(asked < 3 ? 503 : 200).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = server.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    await run(process.execPath, ['-e', holdScript(port, 60_000)]);
    expect(asked).toBe(3);
    server.close();
    server.closeAllConnections();
  });

  it('lets the application start at last when no sidecar becomes ready', async () => {
    await expect(run(process.execPath, ['-e', holdScript(1, 200)])).resolves.toBeDefined();
  });
});
