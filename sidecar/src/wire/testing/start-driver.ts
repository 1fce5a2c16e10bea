import { createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Limits } from '../../config.ts';
import type { Connection } from '../../listen/connection.ts';
import type { Driver } from '../driver.ts';
import { LIMITS } from './generous-limits.ts';
import { fixedHandler, type FixedHandler, type FixedHandlerOptions } from './fixed-handler.ts';

/** What every driver for requests is made from. */
export interface DriverParts {
  readonly handler: FixedHandler;
  readonly limits: Limits;
  readonly onTunnel: (socket: Socket, connection: Connection) => void;
}

export type CreateDriver = (parts: DriverParts) => Driver;

export interface StartOptions extends FixedHandlerOptions {
  readonly limits?: Partial<Limits>;
  /** What is known of every connection; default: an explicit proxy's, without a destination. */
  readonly connection?: Partial<Connection>;
}

export interface RunningDriver {
  readonly port: number;
  readonly driver: Driver;
  readonly handler: FixedHandler;
  /** Connections handed on after a CONNECT. */
  readonly tunnels: { readonly socket: Socket; readonly connection: Connection }[];
}

const UNKNOWN = { address: '127.0.0.1', port: 0 };

/** A driver behind a listening socket as `listen/` would run it; closed when the test ends. */
export async function startDriver(create: CreateDriver, options: StartOptions): Promise<RunningDriver> {
  const handler = fixedHandler(options);
  const tunnels: RunningDriver['tunnels'] = [];
  const driver = create({
    handler,
    limits: { ...LIMITS, ...options.limits },
    onTunnel: (socket, connection) => void tunnels.push({ socket, connection }),
  });
  const listener = createServer({ allowHalfOpen: true }, (socket) => {
    driver.accept(socket, {
      direction: 'outbound',
      peer: UNKNOWN,
      local: UNKNOWN,
      destination: undefined,
      ...options.connection,
    });
  });
  const port = await listen(listener);
  onTestFinished(() => {
    driver.close();
    for (const { socket } of tunnels) socket.destroy();
    listener.close();
  });
  return { port, driver, handler, tunnels };
}

/** Listens on a free loopback port and tells which. */
export function listen(server: {
  listen(port: number, host: string, done: () => void): unknown;
  address(): AddressInfo | string | null;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('expected a TCP address'));
      else resolve(address.port);
    });
  });
}
