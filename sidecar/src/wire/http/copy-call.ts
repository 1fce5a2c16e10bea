import { request as httpRequest, type Agent } from 'node:http';
import type { CopyCall, OpenCopy } from '../edge/copies.ts';
import { http1Headers } from './plain-headers.ts';

/** Sends copies in HTTP/1 over connections of `agent`. */
export function copyOverHttp1(agent: Agent): OpenCopy {
  return (call, closed) => {
    const copy = open(agent, call);
    copy.on('response', (response) => response.resume());
    copy.on('error', ignore);
    copy.once('close', closed);
    // Nobody switches protocols with a mirror.
    copy.on('upgrade', (_response, socket) => socket.destroy());
    return {
      write: (bytes) => void copy.write(bytes),
      end: () => void copy.end(),
      get pendingBytes() {
        return copy.writableLength;
      },
      destroy: () => void copy.destroy(),
    };
  };
}

function open(agent: Agent, { target, request, edits }: CopyCall): ReturnType<typeof httpRequest> {
  return httpRequest({
    agent,
    host: target.address,
    port: target.port,
    method: request.method,
    path: request.path,
    headers: http1Headers(request, edits),
    setHost: false,
  });
}

function ignore(): void {}
