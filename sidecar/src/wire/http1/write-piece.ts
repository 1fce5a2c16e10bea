import type { Socket } from 'node:net';
import { givingBack } from '../give-back.ts';
import { textOf } from './bytes.ts';

/** Up to so many bytes it is cheaper to copy them into one text with what surrounds them than to write several pieces. */
const SMALL = 4 * 1024;

export interface Piece {
  /** Latin-1 text before the bytes, and after. */
  readonly head: string;
  readonly tail: string;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Writes it in one system call; false: the other side should be waited for. The bytes are the socket's until they are written. */
export function writePiece(socket: Socket, { head, bytes, from, to, tail }: Piece): boolean {
  if (to - from <= SMALL) {
    const text = to === from ? head + tail : head + textOf(bytes, from, to) + tail;
    return text === '' || socket.write(text, 'latin1');
  }
  const isWhole = from === 0 && to === bytes.length;
  if (isWhole && head === '' && tail === '') return socket.write(bytes, givingBack(bytes));
  socket.cork();
  if (head !== '') socket.write(head, 'latin1');
  const takesMore = socket.write(bytes.subarray(from, to));
  if (tail !== '') socket.write(tail, 'latin1');
  socket.uncork();
  return takesMore;
}
