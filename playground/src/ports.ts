import { createServer } from 'node:net';
import { PORTS } from '@lanekeeper/protocol/ports';
import { GATEWAY_ADDRESS, WORKLOADS } from './layout.ts';

/** The same numbers at every workload, as in a cluster; `gateway` is where the edge listens. */
export interface PlaygroundPorts {
  readonly gateway: number;
  readonly app: number;
  readonly outbound: number;
  readonly inbound: number;
  readonly admin: number;
  readonly status: number;
}

const PREFERRED: PlaygroundPorts = {
  gateway: 8080,
  app: 8080,
  outbound: PORTS.outbound,
  inbound: PORTS.inbound,
  admin: PORTS.admin,
  status: PORTS.status,
};

/** How many numbers after the preferred one are tried. */
const ATTEMPTS = 200;

/** 127.0.x.y does not exist here: macOS has only 127.0.0.1 until somebody adds the others. */
export class MissingAddressError extends Error {
  constructor(address: string) {
    const aliases = WORKLOADS.map((workload) => `  sudo ifconfig lo0 alias ${workload.address} up`);
    super(
      [
        `The playground gives each workload a loopback address of its own, and ${address} does not exist on this machine.`,
        'Linux has all of 127.0.0.0/8; macOS has only 127.0.0.1 until the others are added (they last until the next restart):',
        ...aliases,
      ].join('\n'),
    );
    this.name = 'MissingAddressError';
  }
}

function isFree(address: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else if (error.code === 'EADDRNOTAVAIL') reject(new MissingAddressError(address));
      else reject(error);
    });
    probe.listen({ host: address, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

async function firstFree(
  addresses: readonly string[],
  wanted: number,
  taken: ReadonlySet<number>,
): Promise<number> {
  for (let port = wanted; port < wanted + ATTEMPTS; port += 1) {
    if (taken.has(port)) continue;
    const free = await Promise.all(addresses.map((address) => isFree(address, port)));
    if (!free.includes(false)) return port;
  }
  throw new Error(`no port from ${wanted} to ${wanted + ATTEMPTS - 1} is free at ${addresses.join(', ')}`);
}

/** `wanted` where it is free at `address`, else the next that is; never one of `taken`. */
export function chooseFreePort(address: string, wanted: number, taken: ReadonlySet<number>): Promise<number> {
  return firstFree([address], wanted, taken);
}

/** The well-known ports where they are free at all addresses that need them, else the next that are. */
export async function choosePorts(): Promise<PlaygroundPorts> {
  const workloads = WORKLOADS.map((workload) => workload.address);
  const everywhere = [GATEWAY_ADDRESS, ...workloads];
  const taken = new Set<number>();
  const choose = async (addresses: readonly string[], wanted: number): Promise<number> => {
    const port = await firstFree(addresses, wanted, taken);
    taken.add(port);
    return port;
  };
  const admin = await choose(everywhere, PREFERRED.admin);
  const status = await choose(everywhere, PREFERRED.status);
  const outbound = await choose(workloads, PREFERRED.outbound);
  const inbound = await choose(workloads, PREFERRED.inbound);
  const gateway = await firstFree([GATEWAY_ADDRESS], PREFERRED.gateway, taken);
  const app = await firstFree(workloads, PREFERRED.app, taken);
  return { gateway, app, outbound, inbound, admin, status };
}
