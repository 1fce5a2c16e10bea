import type { Exchange } from '../../exchange/exchange.ts';
import { ProxyError } from '../../proxy-error.ts';
import { BodyScanner } from './body-scanner.ts';
import { changedHead } from './changed-head.ts';
import type { ClientConnection } from './client-connection.ts';
import type { Http1Context } from './context.ts';
import type { ResponseReader } from './response-reader.ts';
import { writePiece } from './write-piece.ts';

/** More interim responses than this to one request are an attack. */
const MAX_INTERIM = 64;
const NOTHING = Buffer.alloc(0);
const NO_EDITS: readonly never[] = [];

/** `begun`: some of the final response went to the client. An error: what is wrong with it. */
export type Taken = 'waiting' | 'begun' | 'complete' | ProxyError;

/** Carries responses of one client's requests, one after the other, as they come: interim heads, the head, the body, trailers. */
export class ResponseRelay {
  readonly #context: Http1Context;
  readonly #client: ClientConnection;
  #exchange: Exchange | undefined;
  /** Answers a HEAD: no body whatever the head says. */
  #isHead = false;
  readonly #body: BodyScanner;
  /** What was not taken: part of a head, or of a line between chunks. */
  #held: Buffer = NOTHING;
  #interim = 0;
  status = 0;
  /** The client was told that its connection is closed after it. */
  closes = false;
  /** The upstream's connection can be used again when the response is complete. */
  leavesConnection = false;
  /** How long the upstream keeps an idle connection; undefined: it did not say. */
  announcedMs: number | undefined;
  /** The client takes no more for now. */
  isAhead = false;

  constructor(context: Http1Context, client: ClientConnection) {
    this.#context = context;
    this.#client = client;
    this.#body = new BodyScanner(context.limits.maxHeadBytes);
  }

  get hasInformed(): boolean {
    return this.#interim > 0;
  }

  /** The next response will be that to a request of this exchange. */
  expect(exchange: Exchange, isHead: boolean): void {
    this.#exchange = exchange;
    this.#isHead = isHead;
    this.#interim = 0;
    this.status = 0;
    this.closes = false;
    this.leavesConnection = false;
    this.isAhead = false;
  }

  /** Another attempt: nothing of its response has come. */
  begin(): void {
    this.#held = NOTHING;
  }

  take(bytes: Buffer): Taken {
    const input = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    this.#held = NOTHING;
    if (this.status !== 0) return this.#relayBody(input, 0, '');
    const { responses, limits } = this.#context;
    for (let at = 0; ;) {
      const reading = responses.read(input, at);
      const size = (reading === 'more' ? input.length : responses.end) - at;
      if (size > limits.maxHeadBytes) return malformed("The upstream's response head is too large.");
      if (reading === 'more') {
        this.#held = Buffer.from(input.subarray(at));
        return 'waiting';
      }
      if (reading !== 'read') return malformed(reading.problem);
      if (responses.status >= 200) return this.#begin(input);
      const error = this.#inform(responses);
      if (error !== undefined) return error;
      at = responses.end;
      if (at === input.length) return 'waiting';
    }
  }

  /** The upstream has ended its side: true where that ends the response, too. */
  endWithConnection(): boolean {
    if (!this.#body.endsWithConnection) return false;
    this.#client.socket.write('0\r\n\r\n', 'latin1');
    return true;
  }

  /** Whether the client's connection cannot be used after a response that is given now. */
  mustClose(): boolean {
    const client = this.#client;
    return (
      client.body.state !== 'done' ||
      !client.request.isKeptAlive ||
      client.bytes.isOver ||
      this.#context.isDraining()
    );
  }

  #inform(responses: ResponseReader): ProxyError | undefined {
    if (responses.status === 101)
      return malformed('The upstream changes the protocol, which nobody asked for.');
    if (responses.framing !== 'close')
      return malformed('An interim response of the upstream announces a body.');
    this.#interim += 1;
    if (this.#interim > MAX_INTERIM) return malformed('The upstream sends interim responses without end.');
    this.#client.socket.write(`${headText(responses, NO_EDITS)}\r\n`, 'latin1');
    return undefined;
  }

  #begin(input: Buffer): Taken {
    const { responses } = this.#context;
    const { status, framing } = responses;
    const hasBody = !this.#isHead && status !== 204 && status !== 304;
    this.closes = this.mustClose();
    let head = headText(responses, this.#exchange?.responseEdits ?? NO_EDITS);
    if (hasBody && framing === 'close') head += 'Transfer-Encoding: chunked\r\n';
    if (this.closes) head += 'Connection: close\r\n';
    this.#body.begin(hasBody ? framing : 'none', responses.length);
    this.status = status;
    this.leavesConnection = responses.isKeptAlive && !(hasBody && framing === 'close');
    this.announcedMs = announcedMs(responses);
    const taken = this.#relayBody(input, responses.end, `${head}\r\n`);
    if (taken instanceof ProxyError) {
      // Nothing has gone out: it can be answered for.
      this.status = 0;
      return taken;
    }
    this.#exchange?.responded(status);
    return taken;
  }

  #relayBody(input: Buffer, from: number, head: string): Taken {
    const body = this.#body;
    const { socket } = this.#client;
    body.scan(input, from);
    // Without what came before it in the same read: a client might take bytes and a reset that come together for an end.
    if (body.state === 'bad')
      return new ProxyError('upstream-truncated', "The upstream's chunks are not valid HTTP/1.");
    const isDone = body.state === 'done';
    const piece = { bytes: input, from, to: body.sendTo, head, tail: isDone ? body.tail : '' };
    const takesMore = writePiece(socket, body.endsWithConnection ? asChunk(piece) : piece);
    if (isDone) {
      if (body.takenTo < input.length) this.leavesConnection = false;
      return 'complete';
    }
    if (body.takenTo < input.length) this.#held = Buffer.from(input.subarray(body.takenTo));
    this.isAhead = !takesMore;
    return 'begun';
  }
}

function asChunk<One extends Parameters<typeof writePiece>[1]>(piece: One): Parameters<typeof writePiece>[1] {
  const size = piece.to - piece.from;
  if (size === 0) return piece;
  return { ...piece, head: `${piece.head}${size.toString(16)}\r\n`, tail: '\r\n' };
}

/** Status line and fields, without the empty line. */
function headText(responses: ResponseReader, edits: Exchange['responseEdits']): string {
  return `HTTP/1.1 ${changedHead(responses.fields, responses.codeAt, { edits, dropped: responses.dropped })}`;
}

function announcedMs({ fields, dropped }: ResponseReader): number | undefined {
  const field = dropped.length === 0 ? -1 : fields.find('keep-alive');
  if (field < 0) return undefined;
  const seconds = /(?:^|[\s,])timeout=(\d{1,6})/i.exec(fields.value(field))?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1_000;
}

function malformed(message: string): ProxyError {
  return new ProxyError('upstream-malformed', message);
}
