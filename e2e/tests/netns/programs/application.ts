// An application that knows nothing of lanes. `node application.ts NAME`; it listens on
//   8080  HTTP: answers with its name and the headers it saw; /call fetches the URL in ?url= and passes only x-request-id on
//   9090  gRPC: demo.Greeter, unary and server streaming
//   7000  TCP where the server speaks first
//   8443  TLS with a pre-shared key, echoing what it receives
import { createServer as createHttpServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Server, ServerCredentials, type ServerUnaryCall, type ServerWritableStream } from '@grpc/grpc-js';
import { GREETER } from './greeter.ts';
import { PRE_SHARED_KEY, TLS_OPTIONS } from './pre-shared-key.ts';

const name = process.argv[2] ?? 'nobody';

const http = createHttpServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://application');
  if (url.pathname !== '/call') {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks).length;
      response.end(
        JSON.stringify({ name, bytes, peer: request.socket.remoteAddress, headers: request.headers }),
      );
    });
    return;
  }
  const id = request.headers['x-request-id'];
  const headers = typeof id === 'string' ? { 'x-request-id': id } : undefined;
  void fetch(url.searchParams.get('url') ?? '', { ...(headers === undefined ? {} : { headers }) })
    .then((answer) => answer.text())
    .then((text) => response.end(text))
    .catch((error: unknown) => response.writeHead(500).end(String(error)));
});

const tcp = createTcpServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(`220 ${name} ready\r\n`);
});

const tls = createTlsServer({ ...TLS_OPTIONS, pskCallback: () => PRE_SHARED_KEY }, (socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
});

const grpc = new Server();
grpc.addService(GREETER, {
  say: (call: ServerUnaryCall<string, string>, answer: (error: null, text: string) => void) =>
    answer(null, `${name} heard ${call.request}`),
  count: (call: ServerWritableStream<string, string>) => {
    for (let turn = 1; turn <= 3; turn += 1) call.write(`${name} ${turn}`);
    call.end();
  },
});

await Promise.all([
  new Promise<void>((resolve) => http.listen(8080, '0.0.0.0', resolve)),
  new Promise<void>((resolve) => tcp.listen(7000, '0.0.0.0', resolve)),
  new Promise<void>((resolve) => tls.listen(8443, '0.0.0.0', resolve)),
  new Promise<void>((resolve, reject) =>
    grpc.bindAsync('0.0.0.0:9090', ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    }),
  ),
]);
process.stdout.write('listening\n');
