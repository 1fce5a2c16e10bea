import { createServer, type Server } from 'node:net';
import { randomInt } from 'node:crypto';

/** A Nacos server listens at its HTTP port and, whatever it is told, at these distances from it. */
export const GRPC_OFFSET = 1_000;
const CLUSTER_GRPC_OFFSET = 1_001;
const RAFT_OFFSET = -1_000;
const OFFSETS = [0, GRPC_OFFSET, CLUSTER_GRPC_OFFSET, RAFT_OFFSET];

/** Below the ports that the kernel gives to outgoing connections, so that none of those is in the way at the next start. */
const LOWEST = 12_000;
const HIGHEST = 31_000;
const ATTEMPTS = 200;

/** An HTTP port at random for which all four are free at every address: all but HTTP are bound so. */
export async function chooseNacosPort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isFree(port)) return port;
  }
  throw new Error(
    `no four ports for a Nacos server are free (p, p+1000, p+1001, p-1000; p from ${LOWEST} to ${HIGHEST})`,
  );
}

/** Whether a server could start with this HTTP port. */
export async function isFree(port: number): Promise<boolean> {
  const bound = await Promise.all(OFFSETS.map((offset) => bind(port + offset)));
  await Promise.all(bound.map(async (server) => server && close(server)));
  return !bound.includes(undefined);
}

function close(server: Server): Promise<unknown> {
  return new Promise((resolve) => server.close(resolve));
}

function bind(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, exclusive: true }, () => resolve(server));
  });
}
