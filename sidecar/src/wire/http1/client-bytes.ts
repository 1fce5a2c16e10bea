import type { Socket } from 'node:net';

const NOTHING = Buffer.alloc(0);

/** What has come from a client and is not taken yet. What comes too early waits in the socket, the client's end behind it. */
export class ClientBytes {
  readonly #socket: Socket;
  #rest: Buffer = NOTHING;
  #hasPutBack = false;
  /** The client has ended its side, and everything before that was read. */
  hasEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** From its first byte on it belongs to the current request, or to the next one. */
  get rest(): Buffer {
    return this.#rest;
  }

  get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  /** Nothing more will come, and nothing is left. */
  get isOver(): boolean {
    return this.hasEnded && this.isEmpty && !this.#hasPutBack;
  }

  /** The client sends, or has sent, more than was taken. */
  get isAhead(): boolean {
    return !this.isEmpty || this.#hasPutBack;
  }

  add(bytes: Buffer): void {
    this.#rest = this.isEmpty ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /** So many were taken. */
  took(length: number): void {
    this.#rest = length === this.#rest.length ? NOTHING : this.#rest.subarray(length);
  }

  clear(): void {
    this.#rest = NOTHING;
  }

  /** Reads no further. What is left goes back into the socket, from which somebody else can take it as well. */
  putBack(): void {
    const rest = this.#rest;
    this.#rest = NOTHING;
    this.#socket.pause();
    if (rest.length === 0) return;
    this.#hasPutBack = true;
    this.#socket.unshift(rest);
  }

  /** Whether the socket is read from now on; what was put back stays there until bytes are taken again. */
  flow({ takesBytes, isFull }: { readonly takesBytes: boolean; readonly isFull: boolean }): void {
    const flows = takesBytes ? !isFull : !this.#hasPutBack;
    if (flows !== this.#socket.isPaused()) return;
    if (!flows) return void this.#socket.pause();
    this.#hasPutBack = false;
    this.#socket.resume();
  }
}
