import { once } from 'node:events';
import { Agent, createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer as createTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { callUnary, grpcClient, startGrpcApp } from './grpc-app.ts';
import { begin, readAnswer, response, tunnel, type Place } from './http-client.ts';

/** Who answered, and the Host or `:authority` that reached it; gRPC's library does not tell the latter. */
export interface Answered {
  readonly name: string;
  readonly host?: string;
}

/** One connection of an application that looked an instance up in a registry and connected to it by itself. */
export interface InstanceClient {
  ask(lane?: string): Promise<Answered>;
  close(): void;
}

/** Something that listens; `kill` is the sudden end of its process. */
export interface Running {
  kill(): void;
}

export interface SpokenProtocol {
  start(name: string, at: Place): Promise<Running>;
  /** `through`: where bytes go that are meant for `chosen`. */
  open(through: Place, chosen: string): InstanceClient;
}

const tag = (lane: string | undefined): Readonly<Record<string, string>> =>
  lane === undefined ? {} : { baggage: `lane=${lane}` };

async function listening(server: ReturnType<typeof createTcp>, at: Place): Promise<Running> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(at.port, at.address);
  await once(server, 'listening');
  return {
    kill() {
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
}

const HTTP1: SpokenProtocol = {
  start(name, at) {
    const answer = (request: IncomingMessage, reply: ServerResponse): void => {
      request.resume();
      reply.end(JSON.stringify({ name, host: request.headers.host }));
    };
    return listening(createHttp(answer), at);
  },
  open(through, chosen) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return {
      async ask(lane) {
        const request = begin(through, { agent, host: chosen, path: '/orders', headers: tag(lane) });
        request.end();
        const answer = await readAnswer(await response(request));
        if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.text}`);
        return JSON.parse(answer.text) as Answered;
      },
      close: () => agent.destroy(),
    };
  },
};

const HTTP2: SpokenProtocol = {
  start(name, at) {
    const server = createHttp2();
    server.on('session', (session) => session.on('error', () => undefined));
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200 });
      stream.end(JSON.stringify({ name, host: headers[':authority'] }));
    });
    return listening(server, at);
  },
  open(through, chosen) {
    const session = connectHttp2(`http://${through.address}:${through.port}`);
    session.on('error', () => undefined);
    return {
      async ask(lane) {
        const stream = session.request({ ':authority': chosen, ':path': '/orders', ...tag(lane) });
        const [head] = (await once(stream, 'response')) as [Record<string, unknown>];
        const said = await text(stream);
        if (head[':status'] !== 200) throw new Error(`answered ${String(head[':status'])}: ${said}`);
        return JSON.parse(said) as Answered;
      },
      close: () => session.destroy(),
    };
  },
};

const GRPC: SpokenProtocol = {
  async start(name, at) {
    const server = await startGrpcApp(name, at);
    return { kill: () => server.forceShutdown() };
  },
  open(through, chosen) {
    const client = grpcClient(through, chosen);
    return {
      ask: async (lane) => ({ name: (await callUnary(client, 'who', lane)).replace(/: who$/, '') }),
      close: () => client.close(),
    };
  },
};

export const PROTOCOLS = { 'HTTP/1.1': HTTP1, 'HTTP/2': HTTP2, gRPC: GRPC } as const;
export type ProtocolName = keyof typeof PROTOCOLS;

export interface Relay extends Running {
  readonly at: Place;
}

/**
 * Listens on a free port and takes each connection to `chosen` by a tunnel of the forward proxy: what interception does to an
 * application that connects there itself.
 */
export async function tunnelTo(proxy: Place, chosen: string): Promise<Relay> {
  const server = createTcp((socket) => {
    socket.on('error', () => undefined).pause();
    socket.setNoDelay();
    tunnel(proxy, chosen).then(
      (far) => {
        far.setNoDelay();
        far.on('close', () => socket.destroy());
        socket.on('close', () => far.destroy());
        socket.pipe(far).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  const running = await listening(server, { address: '127.0.0.1', port: 0 });
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('expected a TCP address');
  return { ...running, at: { address: '127.0.0.1', port: bound.port } };
}

/** Sends `said` as soon as it is connected and resolves with all that comes until the other side ends. */
export async function exchangeBytes(at: Place, said: string): Promise<string> {
  const socket = connect(at.port, at.address);
  await once(socket, 'connect');
  socket.write(said);
  return text(socket);
}
