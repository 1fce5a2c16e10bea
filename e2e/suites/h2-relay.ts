// The plainest pooling relay over node:http2, one session an authority, kept open: what node:http2 itself scores in the place of
// the sidecar's upstream half. `node h2-relay.ts PORT`
import { connect, createServer, type ClientHttp2Session } from 'node:http2';

const sessions = new Map<string, ClientHttp2Session>();

function sessionFor(authority: string): ClientHttp2Session {
  const known = sessions.get(authority);
  if (known !== undefined && !known.closed && !known.destroyed) return known;
  const session = connect(`http://${authority}`);
  session.on('error', () => {
    // Streams of the session tell their clients.
  });
  sessions.set(authority, session);
  return session;
}

const server = createServer();
server.on('stream', (downstream, headers) => {
  const upstream = sessionFor(headers[':authority'] ?? '').request({ ':path': headers[':path'] ?? '/' });
  const cut = (): void => downstream.close(2);
  downstream.on('error', () => upstream.close());
  upstream.on('error', cut);
  upstream.on('close', () => {
    if (!downstream.closed) cut();
  });
  upstream.on('response', (response) => {
    downstream.respond({ ':status': response[':status'] ?? 502 });
    upstream.pipe(downstream);
  });
  upstream.end();
});
server.on('sessionError', () => {
  // A client that breaks the protocol is no reason to end.
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('listening\n'));
