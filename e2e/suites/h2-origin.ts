// A plain node:http2 server: the origin behind the proxy, and the reference that h2spec scores beside it.
// `node h2-origin.ts PORT`
import { createServer } from 'node:http2';

const server = createServer();
server.on('stream', (stream, headers) => {
  stream.on('error', () => {
    // h2spec resets and breaks streams on purpose; what matters is that the server stays up.
  });
  stream.respond({ ':status': 200, 'content-type': 'text/plain' });
  stream.end(headers[':method'] === 'HEAD' ? undefined : 'fine\n');
});
server.on('sessionError', () => {
  // See above.
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
