import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hop } from '@lanekeeper/protocol/hop';
import { stringify } from 'yaml';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { discoveryVariables, startControlPlane } from '../harness/control-plane-process.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/free-port.ts';
import { send, type Place } from '../harness/http-client.ts';
import {
  exchangeBytes,
  PROTOCOLS,
  tunnelTo,
  type InstanceClient,
  type ProtocolName,
  type Running,
} from '../harness/instances.ts';
import { loopbackAddress, replaceFile, startMesh, type Mesh, type Proxy } from '../harness/pods.ts';

/** Instances as a registry has them: name -> lane, for each protocol. */
const LANE_OF = {
  Base1: undefined,
  Base2: undefined,
  Gray1: 'gray',
  Gray2: 'gray',
  MovesOut: 'gray',
  MovesIn: undefined,
  Dies: undefined,
  Survives: undefined,
  DiesGray: 'gray',
  Early: undefined,
} as const;
type InstanceName = keyof typeof LANE_OF | 'Late';
type Lanes = Partial<Record<InstanceName, string | undefined>>;
const NAMES = [...Object.keys(LANE_OF), 'Late'] as readonly InstanceName[];

/** What registries call the services of each protocol, and where all instances listen for it. */
const SERVICES: Readonly<Record<ProtocolName, { readonly name: string; readonly port: number }>> = {
  'HTTP/1.1': { name: 'ORDERS@@订单', port: 21_081 },
  'HTTP/2': { name: 'providers:com.example.Orders:1.0:', port: 21_082 },
  gRPC: { name: '订单.gRPC', port: 21_083 },
};
const PROTOCOL_NAMES = Object.keys(SERVICES) as readonly ProtocolName[];
const OPAQUE_PORT = 21_084;

interface World {
  readonly mesh: Mesh;
  readonly proxy: Proxy;
  readonly addresses: Readonly<Record<InstanceName, string>>;
  readonly running: ReadonlyMap<string, Running>;
  /** The same instances, with other lanes for some; undefined: in the baseline. The late one for one protocol only. */
  register(lanes: Lanes, late?: ProtocolName): void;
}

const ends: (() => unknown)[] = [];

function servicesOf(addresses: World['addresses'], lanes: Lanes, late?: ProtocolName): readonly unknown[] {
  const endpoint = (name: InstanceName, port: number): object => ({
    ...{ address: addresses[name], ports: { 80: port }, pod: name, source: 'nacos' },
    ...(lanes[name] === undefined ? {} : { lane: lanes[name] }),
  });
  const group = (prefix: string, of: (name: string) => boolean) =>
    PROTOCOL_NAMES.map((protocol) => {
      const { name, port } = SERVICES[protocol];
      const members = NAMES.filter(
        (instance) => of(instance) && (instance === 'Late' ? protocol === late : instance in lanes),
      );
      return {
        ...{ name: `${prefix}${name}`, ports: [{ port: 80 }] },
        endpoints: members.map((instance) => endpoint(instance, port)),
      };
    });
  return [
    ...group('', (name) => /^(Base|Gray)/.test(name)),
    ...group('moving-', (name) => name.startsWith('Moves')),
    ...group('dying-', (name) => /^(Dies|Survives)/.test(name)),
    ...group('late-', (name) => /^(Early|Late)/.test(name)),
    {
      name: 'opaque',
      ports: [{ port: 80 }],
      endpoints: [endpoint('Base1', OPAQUE_PORT), endpoint('Gray1', OPAQUE_PORT)],
    },
  ];
}

async function startInstances(addresses: World['addresses']): Promise<Map<string, Running>> {
  const running = new Map<string, Running>();
  for (const name of NAMES) {
    for (const protocol of PROTOCOL_NAMES) {
      const at = { address: addresses[name], port: SERVICES[protocol].port };
      running.set(`${name} ${protocol}`, await PROTOCOLS[protocol].start(name, at));
    }
  }
  for (const name of ['Base1', 'Gray1'] as const) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      socket.once('data', (bytes) => socket.end(`${name} got ${bytes.toString('hex')}`));
    });
    server.listen(OPAQUE_PORT, addresses[name]);
    await once(server, 'listening');
    running.set(`${name} opaque`, { kill: () => server.close() });
  }
  return running;
}

async function startWorld(source: 'file' | 'control plane'): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'lanekeeper-steering-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const addresses = Object.fromEntries(NAMES.map((name) => [name, loopbackAddress()])) as World['addresses'];
  const running = await startInstances(addresses);
  ends.push(() => [...running.values()].forEach((one) => one.kill()));
  const mesh = await startMesh({
    pods: [
      // Of an address on loopback, so that the control plane is asked for others there.
      { name: 'Caller', service: 'caller', variables: { podAddress: '127.0.0.99' } },
    ],
    config: { lanes: [{ name: 'gray', group: '' }] },
    services: servicesOf(addresses, LANE_OF),
    ...(source === 'file' ? {} : { source: (file) => controlPlaneOf(file, folder) }),
  });
  ends.push(() => mesh.close());
  const { proxy } = mesh.pod('Caller');
  await eventually('readiness', async () => (await send(proxy.status, { path: '/ready' })).status === 200);
  const [caller] = mesh.config['services'] as readonly unknown[];
  return {
    ...{ mesh, proxy, addresses, running },
    register(lanes, late) {
      const services = [caller, ...servicesOf(addresses, { ...LANE_OF, ...lanes }, late)];
      replaceFile(mesh.file, stringify({ ...mesh.config, services }));
    },
  };
}

async function controlPlaneOf(file: string, folder: string) {
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'a token');
  const port = await freePort();
  const controlPlane = await startControlPlane({ file, port });
  ends.push(() => controlPlane.stop(2_000));
  return discoveryVariables(port, tokenFile);
}

describe.each(['file', 'control plane'] as const)('a mesh of registered instances from a %s', (source) => {
  let world: World;
  const clients: InstanceClient[] = [];

  beforeAll(async () => {
    world = await startWorld(source);
  }, 60_000);
  afterAll(async () => {
    for (const end of ends.splice(0).toReversed()) await end();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  const addressOf = (name: InstanceName, protocol: ProtocolName): string =>
    `${world.addresses[name]}:${SERVICES[protocol].port}`;

  async function hopTo(name: InstanceName, protocol: ProtocolName): Promise<Hop> {
    const authority = addressOf(name, protocol);
    return eventually('the hop', async () =>
      (await world.proxy.hops('?limit=20')).find((hop) => hop.authority === authority),
    );
  }

  describe.each(PROTOCOL_NAMES)('%s', (protocol) => {
    const { open } = PROTOCOLS[protocol];

    /** One connection to the instance, as interception has it, or to the forward proxy. */
    async function connectTo(
      name: InstanceName,
      how: 'itself' | 'the proxy' = 'itself',
    ): Promise<InstanceClient> {
      const chosen = addressOf(name, protocol);
      let through: Place = world.proxy.entry;
      if (how === 'itself') {
        const relay = await tunnelTo(world.proxy.entry, chosen);
        ends.push(() => relay.kill());
        through = relay.at;
      }
      const client = open(through, chosen);
      clients.push(client);
      return client;
    }

    const namesOf = async (client: InstanceClient, ...lanes: readonly (string | undefined)[]) => {
      const names: string[] = [];
      for (const lane of lanes) names.push((await client.ask(lane)).name);
      return names;
    };

    describe.each(['itself', 'the proxy'] as const)('of a client connected to %s', (how) => {
      it('keeps the instance that the client chose where it is of the right lane', async () => {
        for (const name of ['Base1', 'Base2'] as const) {
          expect(await namesOf(await connectTo(name, how), undefined, undefined, undefined)).toEqual([
            name,
            name,
            name,
          ]);
        }
        for (const name of ['Gray1', 'Gray2'] as const) {
          expect(await namesOf(await connectTo(name, how), 'gray', 'gray', 'gray')).toEqual([
            name,
            name,
            name,
          ]);
        }
      });

      it('brings each request of one connection to its own lane', async () => {
        const client = await connectTo('Base1', how);
        const names = await namesOf(client, undefined, 'gray', undefined, 'gray', undefined);
        expect(names).toEqual([
          'Base1',
          expect.stringMatching(/^Gray/),
          'Base1',
          expect.stringMatching(/^Gray/),
          'Base1',
        ]);
        const toGray = await connectTo('Gray2', how);
        expect(await namesOf(toGray, undefined, 'gray')).toEqual([expect.stringMatching(/^Base/), 'Gray2']);
      });

      it('also when they are in flight at once', async () => {
        const client = await connectTo('Gray1', how);
        const lanes = Array.from({ length: 40 }, (_, at) => (at % 2 === 0 ? 'gray' : undefined));
        const answers = await Promise.all(lanes.map((lane) => client.ask(lane)));
        for (const [at, { name }] of answers.entries()) {
          expect(name).toMatch(lanes[at] === undefined ? /^Base/ : /^Gray1$/);
        }
      });

      it("leaves the request's own authority as it is", async () => {
        const { host } = await (await connectTo('Base1', how)).ask('gray');
        if (protocol !== 'gRPC') expect(host).toBe(addressOf('Base1', protocol));
      });

      it('says what the client had chosen and why it got another one', async () => {
        const { name } = await (await connectTo('Base2', how)).ask('gray');
        const hop = await hopTo('Base2', protocol);
        expect(hop).toMatchObject({
          service: `default/${SERVICES[protocol].name}`,
          ...{ lane: 'gray', subset: 'gray', fallback: null, attempt: 1 },
          chosen: { address: addressOf('Base2', protocol), pod: 'Base2', lane: 'base', source: 'nacos' },
          endpoint: { pod: name, lane: 'gray', source: 'nacos' },
        });
        expect(hop.why).toContain(
          `The client had chosen ${addressOf('Base2', protocol)} of base, which is not what a request of lane gray gets here.`,
        );
      });
    });

    it('falls back to where the client is already, when the lane has nobody', async () => {
      world.register({ DiesGray: undefined });
      const client = await connectTo('Survives');
      await eventually('no gray instance', async () => (await client.ask('gray')).name === 'Survives');
      world.register({});
      await eventually('a gray instance', async () => (await client.ask('gray')).name === 'DiesGray');
    });

    it('follows an instance that moves to another lane, on a connection that stays', async () => {
      const [out, back] = [await connectTo('MovesOut'), await connectTo('MovesIn')];
      expect(await namesOf(out, 'gray', undefined)).toEqual(['MovesOut', 'MovesIn']);
      world.register({ MovesOut: undefined, MovesIn: 'gray' });
      await eventually('the move', async () => (await out.ask()).name === 'MovesOut');
      expect(await namesOf(out, 'gray', undefined)).toEqual(['MovesIn', 'MovesOut']);
      expect(await namesOf(back, 'gray', undefined)).toEqual(['MovesIn', 'MovesOut']);
      world.register({});
      await eventually('the way back', async () => (await out.ask()).name === 'MovesIn');
    });

    it('learns of an instance that is registered after the first request to it', async () => {
      const client = await connectTo('Late');
      expect(await namesOf(client, undefined, 'gray')).toEqual(['Late', 'Late']);
      expect((await hopTo('Late', protocol)).why).toContain('is no service of the mesh');
      world.register({ Late: 'gray' }, protocol);
      await eventually('the instance', async () => (await client.ask()).name === 'Early');
      expect(await namesOf(client, 'gray')).toEqual(['Late']);
    });

    it('goes on within the lane while its client chooses an instance that has been taken out', async () => {
      const client = await connectTo('Late');
      world.register({ Late: 'gray' }, protocol);
      await eventually('the instance', async () => (await client.ask('gray')).name === 'Late');
      world.register({});
      await eventually('its end', async () => (await client.ask('gray')).name === 'Early');
      expect(await namesOf(await connectTo('Late'), undefined, 'gray')).toEqual(['Early', 'Early']);
      const hop = await hopTo('Late', protocol);
      expect(hop).toMatchObject({
        service: `default/late-${SERVICES[protocol].name}`,
        chosen: { pod: 'Late' },
      });
      expect(hop.why).toContain('which is not used: its source does not name it any more');
    });

    it('ejects a provider that is killed at once, and goes on within the lane', async () => {
      const client = await connectTo('Dies');
      expect(await namesOf(client, undefined)).toEqual(['Dies']);
      world.running.get(`Dies ${protocol}`)?.kill();
      world.running.get(`DiesGray ${protocol}`)?.kill();
      await eventually(
        'its end',
        async () => (await client.ask().catch(() => undefined))?.name === 'Survives',
      );
      expect(await namesOf(await connectTo('Dies'), undefined, undefined)).toEqual(['Survives', 'Survives']);
      const hop = await hopTo('Dies', protocol);
      expect(hop).toMatchObject({ attempt: 1, subset: 'base', endpoint: { pod: 'Survives' } });
      expect(hop.why).toContain('which is not used: ejected for a while after repeated failures.');
      expect(await namesOf(await connectTo('DiesGray'), 'gray', 'gray')).toEqual(['Survives', 'Survives']);
      const fallen = await hopTo('DiesGray', protocol);
      expect(fallen).toMatchObject({ attempt: 1, fallback: { from: 'gray', to: 'base' } });
    });

    it('counts and shows the service by the name that its registry has', async () => {
      await (await connectTo('Base1')).ask();
      const service = `default/${SERVICES[protocol].name}`;
      expect(await world.proxy.metric('lanekeeper_requests_total', { service })).toBeGreaterThan(0);
      const { text } = await world.proxy.ask(`/clusters?service=${encodeURIComponent(service)}`);
      const { services } = JSON.parse(text) as { readonly services: readonly { readonly service: string }[] };
      expect(services.map((one) => one.service)).toEqual([service]);
      const line =
        world.proxy.process
          .output()
          .split('\n')
          .findLast((each) => each.includes(service)) ?? '';
      expect(JSON.parse(line)).toMatchObject({ event: 'request', service });
    });
  });

  it('takes opaque bytes to just the instance that the client chose, whatever its lane', async () => {
    for (const name of ['Base1', 'Gray1'] as const) {
      const relay = await tunnelTo(world.proxy.entry, `${world.addresses[name]}:${OPAQUE_PORT}`);
      ends.push(() => relay.kill());
      expect(await exchangeBytes(relay.at, '\u0000\u0001dubbo')).toBe(`${name} got 0001647562626f`);
    }
  });
});
