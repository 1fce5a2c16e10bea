import { Socket, type SocketConstructorOpts } from 'node:net';

/** Turns of the event loop that a failed write waits for what can still be read. */
const MAX_TURNS = 64;

type Written = (error?: Error | null) => void;

/**
 * A connection to an upstream that may answer and close while the request is still being written (413, 401). The next write then
 * fails, and Node would throw away the answer that lies ready to be read; so the failure is told only when nothing more can be read.
 */
export class UpstreamSocket extends Socket {
  constructor(options?: SocketConstructorOpts) {
    super(options);
    // A request that is over takes its listener with it, and a write of its may fail after that.
    this.on('error', ignore);
  }

  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, this.#readingFirst(written));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, this.#readingFirst(written));
  }

  #readingFirst(written: Written): Written {
    return (error) => {
      if (error && !this.connecting) this.#afterReading(() => written(error), this.bytesRead, 0);
      else written(error);
    };
  }

  #afterReading(fail: () => void, bytesRead: number, turn: number): void {
    // Two turns without a byte: the poll between them found nothing.
    setImmediate(() =>
      setImmediate(() => {
        if (this.destroyed || this.bytesRead === bytesRead || turn === MAX_TURNS) fail();
        else this.#afterReading(fail, this.bytesRead, turn + 1);
      }),
    );
  }
}

function ignore(): void {}
