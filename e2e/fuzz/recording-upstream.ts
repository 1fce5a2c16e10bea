import { once } from 'node:events';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { createServer, type Server, type Socket } from 'node:net';
import { readRequest, type Message } from './grammar.ts';

/** What the upstream does with the next requests. */
export interface Script {
  /** Undefined: a well-formed answer. */
  readonly answer: Buffer | undefined;
  readonly ending: 'keep' | 'end' | 'reset';
  /** At the end of the head, or of the whole message. */
  readonly when: 'head' | 'message';
  /** Agrees to upgrades and tunnels. */
  readonly switches: boolean;
}

/** What came over one connection. */
export interface UpstreamRecord {
  readonly bytes: () => Buffer;
  readonly requests: readonly Message[];
  /** Begun and not complete. */
  readonly partial: Message | undefined;
  /** Why the bytes are no HTTP. */
  readonly trouble: string | undefined;
}

export interface RecordingUpstream {
  readonly port: number;
  play(script: Script): void;
  /** The connections on which something came since the last call. */
  take(): readonly UpstreamRecord[];
  /** `method path` of HTTP/2 requests since the last call. */
  takeHttp2(): readonly string[];
  close(): void;
}

export const CANARY = '/canary';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const SILENCE_MS = 150;
const PLAIN: Script = { answer: undefined, ending: 'keep', when: 'message', switches: false };
const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

/** An upstream on raw sockets that keeps every byte, reads it by the strict grammar, and answers as it is told. */
export async function startRecordingUpstream(): Promise<RecordingUpstream> {
  let script = PLAIN;
  const http2Requests: string[] = [];
  let touched = new Set<UpstreamConnection>();
  const sockets = new Set<Socket>();
  const http2 = recordingHttp2((request) => http2Requests.push(request));
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined));
    const connection = new UpstreamConnection({ socket, script: () => script, http2 });
    socket.on('data', (bytes) => {
      touched.add(connection);
      connection.receive(bytes);
    });
    socket.on('end', () => socket.end());
    socket.setTimeout(SILENCE_MS, () => socket.destroySoon());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    play: (next) => (script = next),
    take() {
      const records = [...touched].filter((connection) => !connection.isHttp2);
      touched = new Set();
      return records.map((connection) => connection.take());
    },
    takeHttp2: () => http2Requests.splice(0),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface ConnectionOptions {
  readonly socket: Socket;
  readonly script: () => Script;
  readonly http2: Http2Server;
}

class UpstreamConnection {
  isHttp2 = false;
  readonly #options: ConnectionOptions;
  #all: Buffer[] = [];
  #unread: Buffer = Buffer.alloc(0);
  #requests: Message[] = [];
  #partial: Message | undefined;
  #trouble: string | undefined;
  #isOpaque = false;
  #isAnswered = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  receive(bytes: Buffer): void {
    this.#all.push(bytes);
    if (this.#isOpaque || this.isHttp2) return;
    this.#unread = Buffer.concat([this.#unread, bytes]);
    const isPreface = PREFACE.startsWith(this.#unread.toString('latin1', 0, PREFACE.length));
    if (!isPreface) this.#readOn();
    else if (this.#unread.length >= PREFACE.length) this.#speakHttp2();
  }

  take(): UpstreamRecord {
    const all = this.#all;
    const record = {
      bytes: () => Buffer.concat(all),
      requests: this.#requests,
      partial: this.#partial,
      trouble: this.#trouble,
    };
    this.#requests = [];
    this.#all = [];
    return record;
  }

  #readOn(): void {
    while (this.#unread.length > 0 && !this.#isOpaque) {
      const reading = readRequest(this.#unread);
      if (reading.kind === 'malformed') {
        this.#trouble = reading.why;
        this.#options.socket.destroySoon();
        return;
      }
      this.#partial = reading.kind === 'partial' ? reading.message : undefined;
      const { when } = this.#options.script();
      if (
        reading.message !== undefined &&
        (reading.kind === 'complete' || when === 'head') &&
        !this.#isAnswered
      )
        this.#answer(reading.message);
      if (reading.kind === 'partial') return;
      if (reading.message.start[1] !== CANARY) this.#requests.push(reading.message);
      this.#isAnswered = false;
      this.#unread = reading.rest;
    }
  }

  #answer(request: Message): void {
    const { socket, script } = this.#options;
    const { answer, ending, switches } = request.start[1] === CANARY ? PLAIN : script();
    this.#isAnswered = true;
    this.#isOpaque = switches && isSwitch(request);
    socket.write(answer ?? plainAnswer(request, this.#isOpaque));
    if (ending === 'end') socket.end();
    else if (ending === 'reset') setImmediate(() => socket.resetAndDestroy());
  }

  #speakHttp2(): void {
    const { socket, script, http2 } = this.#options;
    const { answer } = script();
    this.isHttp2 = true;
    if (answer !== undefined) {
      socket.write(answer);
      return;
    }
    socket.removeAllListeners('data').removeAllListeners('timeout').setTimeout(0);
    socket.unshift(this.#unread);
    http2.emit('connection', socket);
  }
}

function isSwitch(request: Message): boolean {
  return request.start[0] === 'CONNECT' || request.fields.has('upgrade');
}

function plainAnswer(request: Message, switches: boolean): Buffer {
  if (switches && request.start[0] === 'CONNECT') return latin1('HTTP/1.1 200 OK\r\n\r\n');
  if (switches) {
    const [protocol = ''] = request.fields.get('upgrade') ?? [];
    return latin1(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\nopaque`,
    );
  }
  const body = request.start[0] === 'HEAD' ? '' : 'ok';
  return latin1(
    `HTTP/1.1 ${request.start[0] === 'CONNECT' ? 405 : 200} Fine\r\nContent-Length: 2\r\n\r\n${body}`,
  );
}

function recordingHttp2(record: (request: string) => void): Http2Server {
  const server = createHttp2Server().on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    record(`${headers[':method']} ${headers[':path']}`);
    stream.on('error', () => undefined).resume();
    if (stream.destroyed) return;
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  return server;
}

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('expected a TCP address');
  return bound.port;
}
