import { once } from 'node:events';
import { Agent, createServer } from 'node:http';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { testCertificate } from '@lanekeeper/sidecar/listen/edge/testing/test-certificate';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { forwardTo, listenerOf, startGateway, type GatewayProcess } from '../harness/gateway-process.ts';
import { send, type Place } from '../harness/http-client.ts';
import { startReadyBalancer, type Target } from '../harness/ready-balancer.ts';

describe('under load', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });

  async function startApp(): Promise<Place> {
    const at = { address: '127.0.0.1', port: await freePort() };
    const server = createServer((request, response) => {
      request.resume();
      response.end('hello');
    });
    server.listen(at.port, at.address);
    await once(server, 'listening');
    ends.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return at;
  }

  interface Running extends Target {
    readonly gateway: GatewayProcess;
  }

  async function startOne(app: Place): Promise<Running> {
    // Longer than the balancer takes to hear of it, as the five seconds of a pod are.
    const gateway = await startGateway({ apps: { a: app }, variables: { drainDelayMs: '300' } });
    ends.push(() => gateway.stop());
    const port = await freePort();
    await gateway.apply([listenerOf(port, [forwardTo('a')])]);
    return { gateway, at: { address: '127.0.0.1', port }, status: gateway.status };
  }

  it('two gateways are restarted one after the other, and no request fails', async () => {
    const app = await startApp();
    const balancer = await startReadyBalancer();
    ends.push(() => balancer.stop());
    const fleet = [await startOne(app), await startOne(app)];
    for (const each of fleet) await balancer.add(each);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    ends.push(() => agent.destroy());
    const outcomes = new Map<string, number>();
    let served = 0;
    let isOver = false;
    const worker = async (ask: object): Promise<void> => {
      while (!isOver) {
        const outcome = await send(balancer.at, ask).then(
          ({ status, text }) => `${status} ${text}`,
          (error: unknown) => String(error),
        );
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        served += 1;
      }
    };
    const load = [{ agent }, { agent }, { agent }, { agent }, {}, { method: 'POST', body: 'x' }].map(worker);
    ends.push(() => {
      isOver = true;
    });
    const further = async (): Promise<void> => {
      const before = served;
      await eventually('further load', () => served > before + 100);
    };
    for (const old of fleet) {
      await further();
      const next = await startOne(app);
      await balancer.add(next);
      expect(await old.gateway.terminate()).toBe(0);
      balancer.remove(old);
    }
    await further();
    isOver = true;
    await Promise.all(load);
    expect([...outcomes.keys()]).toEqual(['200 hello']);
  });

  it('a certificate is renewed again and again, and no handshake fails or is given another one', async () => {
    const gateway = await startGateway({ apps: { a: await startApp() } });
    ends.push(() => gateway.stop());
    const port = await freePort();
    const listeners = ['www.test', 'api.test'].map((host) =>
      listenerOf(port, [forwardTo('a')], { protocol: 'https', host, certificates: [`shop/${host}`] }),
    );
    const [www, api] = [testCertificate('www.test'), testCertificate('api.test')];
    await gateway.apply(listeners, { 'shop/www.test': www, 'shop/api.test': api });
    const outcomes = new Set<string>();
    const serials = new Set<string>();
    let isOver = false;
    const worker = async (servername: string): Promise<void> => {
      while (!isOver) {
        const socket = connectTls({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
        outcomes.add(await nameOf(socket, serials).catch(String));
        socket.destroy();
      }
    };
    const load = ['www.test', 'api.test', 'www.test'].map(worker);
    ends.push(() => {
      isOver = true;
    });
    const names = async (count: number): Promise<unknown> =>
      eventually(`${count} certificates`, () => serials.size >= count);
    await names(2);
    for (const count of [3, 4, 5]) {
      await gateway.apply(listeners, { 'shop/www.test': testCertificate('www.test'), 'shop/api.test': api });
      await names(count);
    }
    isOver = true;
    await Promise.all(load);
    expect(outcomes).toEqual(new Set(['www.test by www.test', 'api.test by api.test']));
  });
});

/** The server name that was asked for, and the name in the certificate that was given. */
async function nameOf(socket: TLSSocket, serials: Set<string>): Promise<string> {
  await once(socket, 'secureConnect');
  const { subject, serialNumber } = socket.getPeerCertificate();
  serials.add(serialNumber);
  return `${String(socket.servername)} by ${String(subject.CN)}`;
}
