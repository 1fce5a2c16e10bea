import type { Socket } from 'node:net';
import { resetSocket } from '../reset-socket.ts';
import { carryBytes } from '../tcp/carry-bytes.ts';

/** Carries bytes both ways between two connections: each side's end is passed on as an end, each side's reset as a reset. */
export function relayStreams(one: Socket, other: Socket): void {
  for (const socket of [one, other]) {
    socket.setTimeout(0);
    // An end in one direction leaves the other one open.
    socket.allowHalfOpen = true;
  }
  carry(one, other);
  carry(other, one);
}

function carry(from: Socket, to: Socket): void {
  carryBytes(from, to);
  from.on('error', () => resetSocket(to));
  from.on('close', () => {
    // Without an error it was destroyed here, or both directions have ended.
    if (!from.readableEnded) resetSocket(to);
    else to.end();
  });
}
