import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import type { EdgeHandling } from '../../exchange/exchange.ts';
import type { HeaderEdit } from '../head.ts';
import type { PlainRequest } from '../plain-request.ts';

/** One copy of a request on its way to a mirror. */
export interface CopyCall {
  readonly target: SocketAddress;
  readonly request: PlainRequest;
  readonly edits: readonly HeaderEdit[];
}

/** The protocol's part of a copy; it swallows the response and every error. */
export interface CopySink {
  write(bytes: Buffer): void;
  end(): void;
  /** Bytes handed over that have not left yet. */
  readonly pendingBytes: number;
  destroy(): void;
}

/** `closed` is called once, when nothing of the copy is left, its response included. */
export type OpenCopy = (call: CopyCall, closed: () => void) => CopySink;

/** Every copy of one request. */
export interface Copies {
  write(bytes: Buffer): void;
  /** The request is whole. */
  end(): void;
  /** Gives up what is not whole. */
  drop(): void;
}

/** Makes copies and bounds what all of them together may cost. */
export interface Mirrors {
  open(
    to: NonNullable<EdgeHandling['mirrors']>,
    request: PlainRequest,
    protocol: 'http/1.1' | 'h2',
  ): Copies | undefined;
  close(): void;
}

export interface MirrorsOptions {
  readonly openers: Readonly<Record<'http/1.1' | 'h2', OpenCopy>>;
  readonly bounds?: MirrorBounds;
}

export interface MirrorBounds {
  /** Copies at a time; where there are more, requests are not copied. */
  readonly copies: number;
  /** Bytes that wait for one mirror; a copy with more is given up. */
  readonly pendingBytes: number;
  /** From the end of the request to the end of its copy. */
  readonly answerMs: number;
}

/** 64 MiB at the very worst, were every mirror to stop reading in the middle of a large body. */
export const MIRROR_BOUNDS: MirrorBounds = { copies: 256, pendingBytes: 256 * 1024, answerMs: 10_000 };

export function createMirrors({ openers, bounds = MIRROR_BOUNDS }: MirrorsOptions): Mirrors {
  const open = new Set<Copy>();
  return {
    open(to, request, protocol) {
      const copies: Copy[] = [];
      for (const { target, edits } of to) {
        if (open.size >= bounds.copies) break;
        const copy = new Copy(bounds, () => open.delete(copy));
        open.add(copy);
        copy.begin(openers[protocol], { target, request, edits });
        copies.push(copy);
      }
      return copies.length === 0 ? undefined : together(copies);
    },
    close() {
      for (const copy of [...open]) copy.destroy();
    },
  };
}

function together(copies: readonly Copy[]): Copies {
  return {
    write: (bytes) => copies.forEach((copy) => copy.write(bytes)),
    end: () => copies.forEach((copy) => copy.end()),
    drop: () => copies.forEach((copy) => copy.drop()),
  };
}

class Copy implements Copies {
  readonly #bounds: MirrorBounds;
  readonly #closed: () => void;
  #sink: CopySink | undefined;
  #isWhole = false;
  #isOver = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(bounds: MirrorBounds, closed: () => void) {
    this.#bounds = bounds;
    this.#closed = closed;
  }

  begin(open: OpenCopy, call: CopyCall): void {
    try {
      this.#sink = open(call, () => this.#over());
    } catch {
      // A head that cannot be written for a mirror is the mirror's loss.
      this.#over();
      return;
    }
    if (call.request.isEmpty) this.end();
  }

  write(bytes: Buffer): void {
    const sink = this.#sink;
    if (sink === undefined || this.#isOver || this.#isWhole) return;
    if (sink.pendingBytes + bytes.length > this.#bounds.pendingBytes) return this.destroy();
    // A copy: whoever carries the request gives the chunk's memory back as soon as it is written.
    sink.write(Buffer.from(bytes));
  }

  end(): void {
    if (this.#isWhole || this.#isOver) return;
    this.#isWhole = true;
    this.#sink?.end();
    this.#deadline = setTimeout(() => this.destroy(), this.#bounds.answerMs).unref();
  }

  drop(): void {
    if (!this.#isWhole) this.destroy();
  }

  destroy(): void {
    this.#over();
    this.#sink?.destroy();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#closed();
  }
}
