import type { Socket } from 'node:net';

/** Frame types (RFC 9113 section 6). */
export const FRAMES = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** An empty SETTINGS frame. */
export const SETTINGS = frame(FRAMES.settings, 0, 0);

/** SETTINGS with one value. */
export function setting(id: number, value: number): Buffer {
  const payload = Buffer.alloc(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return frame(FRAMES.settings, 0, 0, payload);
}

export type Field = readonly [name: string, value: string];

/** HPACK: literals without indexing and without Huffman coding, whatever they hold. */
export function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** An HPACK integer with a 7-bit prefix (RFC 7541 section 5.1). */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const octets = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>= 7) octets.push((rest & 127) | 128);
  octets.push(rest);
  return Buffer.from(octets);
}

/** A whole HEADERS frame. */
export function headers(
  stream: number,
  fields: readonly Field[],
  options: { readonly endStream?: boolean; readonly endHeaders?: boolean } = {},
): Buffer {
  const flags = (options.endStream === false ? 0 : 1) | (options.endHeaders === false ? 0 : 4);
  return frame(FRAMES.headers, flags, stream, block(fields));
}

/** A complete request head; `extra` comes after it. */
export function request(path = '/', extra: readonly Field[] = []): readonly Field[] {
  return [[':method', 'GET'], [':scheme', 'http'], [':path', path], [':authority', 'b'], ...extra];
}

/** Calls `onFrame` for every frame that comes on `socket`. */
export function readFrames(
  socket: Socket,
  options: { readonly preface: boolean },
  onFrame: (received: Frame) => void,
): void {
  let buffer = Buffer.alloc(0);
  let isPrefaceDue = options.preface;
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    if (isPrefaceDue && buffer.length >= PREFACE.length) {
      buffer = buffer.subarray(PREFACE.length);
      isPrefaceDue = false;
    }
    while (!isPrefaceDue && buffer.length >= 9) {
      const length = buffer.readUIntBE(0, 3);
      if (buffer.length < 9 + length) return;
      const payload = Buffer.from(buffer.subarray(9, 9 + length));
      const [type, flags] = [buffer.readUInt8(3), buffer.readUInt8(4)];
      const stream = buffer.readUInt32BE(5) & 0x7fffffff;
      buffer = buffer.subarray(9 + length);
      onFrame({ type, flags, stream, payload });
    }
  });
}
