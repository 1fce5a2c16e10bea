import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { eventually } from './eventually.ts';
import { send, type Place } from './http-client.ts';

/** One of those among whom connections are spread. */
export interface Target {
  readonly at: Place;
  /** Where `/ready` is. */
  readonly status: Place;
}

export interface ReadyBalancer {
  readonly at: Place;
  /** Resolves once connections go there. */
  add(target: Target): Promise<void>;
  /** Gets no new connection; those that it has stay. */
  remove(target: Target): void;
  stop(): void;
}

const LOOK_AGAIN_MS = 20;

/** What a load balancer before gateways does: new connections go to those that are ready, the next one each time. */
export async function startReadyBalancer(): Promise<ReadyBalancer> {
  const isReady = new Map<Target, boolean>();
  const sockets = new Set<Socket>();
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  const server = createServer((client) => {
    const ready = [...isReady].filter(([, is]) => is).map(([target]) => target);
    const target = ready[turn++ % ready.length];
    if (target === undefined) client.destroy();
    else join(client, connect(target.at.port, target.at.address), sockets);
  });
  const look = async (): Promise<void> => {
    await Promise.all([...isReady.keys()].map(async (target) => isReady.set(target, await ask(target))));
    for (const target of removed.splice(0)) isReady.delete(target);
    timer = setTimeout(() => void look(), LOOK_AGAIN_MS);
  };
  const removed: Target[] = [];
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  void look();
  return {
    at: { address: '127.0.0.1', port: (server.address() as AddressInfo).port },
    async add(target) {
      isReady.set(target, false);
      await eventually('a target that is ready', () => isReady.get(target) === true);
    },
    remove: (target) => void removed.push(target),
    stop() {
      clearTimeout(timer);
      isReady.clear();
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function ask({ status }: Target): Promise<boolean> {
  try {
    return (await send(status, { path: '/ready' })).status === 200;
  } catch {
    return false;
  }
}

/** Bytes both ways, and the end of either. */
function join(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    sockets.add(from);
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => {
      sockets.delete(from);
      to.destroySoon();
    });
  }
}
