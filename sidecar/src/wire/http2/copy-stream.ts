import { constants, type ClientHttp2Stream } from 'node:http2';
import type { CopySink, OpenCopy } from '../edge/copies.ts';
import { http2Fields } from './plain-fields.ts';
import type { CancelWaiting, SessionPool } from './session-pool.ts';
import { resetStream } from './reset-stream.ts';

/** Sends copies in HTTP/2 over sessions of `pool`. */
export function copyOverHttp2(pool: SessionPool): OpenCopy {
  return ({ target, request, edits }, closed) => {
    const fields = http2Fields(request, edits);
    const copy = new StreamCopy(closed);
    copy.waitWith(
      pool.acquire(target, {
        ready: (session) => copy.send(() => session.open(fields, { endStream: request.isEmpty })),
        failed: () => copy.destroy(),
      }),
    );
    return copy;
  };
}

/** What is written before there is a stream waits here; its bound is the mirrors'. */
class StreamCopy implements CopySink {
  readonly #closed: () => void;
  #cancel: CancelWaiting | undefined;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #hasEnded = false;
  #stream: ClientHttp2Stream | undefined;
  #isOver = false;

  constructor(closed: () => void) {
    this.#closed = closed;
  }

  get pendingBytes(): number {
    return this.#stream?.writableLength ?? this.#heldBytes;
  }

  waitWith(cancel: CancelWaiting): void {
    this.#cancel = cancel;
  }

  send(open: () => ClientHttp2Stream | undefined): void {
    const stream = this.#isOver ? undefined : openOrNot(open);
    if (stream === undefined) return this.destroy();
    this.#stream = stream;
    stream.on('error', ignore);
    stream.once('close', () => this.destroy());
    stream.on('wantTrailers', () => stream.sendTrailers({}));
    stream.resume();
    for (const bytes of this.#held) stream.write(bytes);
    this.#held = [];
    if (this.#hasEnded) stream.end();
  }

  write(bytes: Buffer): void {
    if (this.#stream !== undefined) return void this.#stream.write(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  end(): void {
    this.#hasEnded = true;
    this.#stream?.end();
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = [];
    this.#cancel?.();
    if (this.#stream) resetStream(this.#stream, constants.NGHTTP2_CANCEL);
    this.#closed();
  }
}

/** A head that node:http2 does not send is the mirror's loss. */
function openOrNot(open: () => ClientHttp2Stream | undefined): ClientHttp2Stream | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function ignore(): void {}
