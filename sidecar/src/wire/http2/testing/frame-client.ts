import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { eventually } from '../../testing/eventually.ts';
import { type Frame, PREFACE, readFrames, SETTINGS } from './raw-frames.ts';

export interface FrameClient {
  readonly socket: Socket;
  readonly frames: Frame[];
  readonly isClosed: () => boolean;
  until(what: string, matches: (received: Frame) => boolean): Promise<Frame>;
}

/** A client that has sent its preface and SETTINGS and writes whatever it likes from then on. */
export function frameClient(port: number, settings: Buffer = SETTINGS): FrameClient {
  const socket = connect(port, '127.0.0.1');
  const frames: Frame[] = [];
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => (isClosed = true));
  readFrames(socket, { preface: false }, (received) => frames.push(received));
  onTestFinished(() => void socket.destroy());
  socket.write(Buffer.concat([PREFACE, settings]));
  return {
    socket,
    frames,
    isClosed: () => isClosed,
    until: (what, matches) => eventually(what, () => frames.find(matches)),
  };
}
