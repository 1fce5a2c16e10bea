import { networkInterfaces } from 'node:os';

/** What a server shows its operators as our address; nothing is sent there. */
export function clientIp(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? '127.0.0.1';
}
