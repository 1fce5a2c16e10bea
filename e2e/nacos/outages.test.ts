import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { send } from '../harness/http-client.ts';
import { startMesh, type Proxy } from '../harness/pods.ts';
import { startNacosControlPlane } from './harness/nacos-control-plane.ts';
import { startServer } from './server/start-server.ts';
import { expectNoFailure } from './harness/expect-no-failure.ts';
import type { Load } from './harness/load.ts';
import { startShop, type Shop } from './harness/shop.ts';
import { CHAIN, WORKLOADS, type Lane } from './harness/shop-layout.ts';
import { shownServices } from './harness/shown-endpoints.ts';
import { tellMeasured, untilPromised } from './harness/until-promised.ts';

/** Two seconds are promised after the server's return; a machine that does much else at the same time gets ten. */
const TWO_SECONDS = 10_000;
const OUTAGE_S = 60;
const HANG_S = 20;
/** A minute's outage, the hold after it, and a machine that does much else. */
const LONG_MS = 400_000;
/** By default. */
const HOLD_MS = 30_000;

describe('what a Nacos server does to the shop of seed 000', () => {
  let nacos: NacosServer;
  let shop: Shop;

  beforeAll(async () => {
    nacos = await startServer();
    shop = await startShop({ nacos });
  });
  afterAll(async () => {
    await shop?.close();
    await nacos?.stop();
  });

  /** Whatever becomes of the promise, the next one finds a server that goes on and no load. */
  function startLoad(options: Parameters<Shop['load']>[0] = {}): Load {
    const load = shop.load(options);
    onTestFinished(async () => {
      await nacos.resume();
      await load.stop();
    });
    return load;
  }

  async function instancesOf(serviceName: string): Promise<readonly { readonly ip: string }[]> {
    const { text } = await callNacos(nacos, 'GET', '/ns/instance/list', { serviceName, healthyOnly: true });
    return (JSON.parse(text) as { readonly hosts: readonly { readonly ip: string }[] }).hosts;
  }

  /** All applications but `gone` are registered again, and the control plane has nothing to complain of. */
  async function settled(gone = 0): Promise<void> {
    await untilPromised('all are registered again', async () => {
      const lists = await Promise.all(CHAIN.map(instancesOf));
      return lists.flat().length === WORKLOADS.length - gone;
    });
    await untilPromised(
      'no problems',
      async () => (await shop.controlPlane.status()).problems.length === 0,
      undefined,
      120_000,
    );
  }

  /** What the control plane follows is what is so now: an instance that leaves is noticed. */
  async function expectCorrected(since: number, what: string): Promise<void> {
    await shop.app('product-gray').deregister();
    const ms = await shop.untilLanes('gray', 'gray base gray', since);
    tellMeasured(what, ms);
    await shop.app('product-gray').register();
    await shop.untilLanes('gray', 'gray gray gray');
    expect(ms).toBeLessThan(TWO_SECONDS);
  }

  it('answers every request in its lane while Nacos hangs, and follows it again when it goes on', async () => {
    const load = startLoad({ isRight: inLaneOrWithoutGrayProduct });
    const late = shop.app('product-gray');
    await late.deregister();
    await shop.untilLanes('gray', 'gray base gray');
    await nacos.hang();
    await load.answersOf(HANG_S);
    const since = performance.now();
    await nacos.resume();
    await late.register();
    const known = await shop.untilLanes('gray', 'gray gray gray', since);
    tellMeasured('Nacos goes on -> an instance that registers is in its lane', known);
    expect(known).toBeLessThan(TWO_SECONDS);
    await load.answersOf(15);
    await expectNoFailure(shop, await load.stop());
    await settled();
  });

  it('answers every request in its lane while the control plane starts anew and Nacos is away', async () => {
    const load = startLoad();
    await nacos.hang();
    await shop.controlPlane.stop();
    await load.answersOf(3);
    await shop.controlPlane.start();
    await load.answersOf(5);
    expect(await shop.controlPlane.readiness()).toMatch(/^503 .*nacos/i);
    await nacos.resume();
    await untilPromised('readiness', async () => (await shop.controlPlane.readiness()).startsWith('200'));
    await load.answersOf(10);
    await expectNoFailure(shop, await load.stop());
    await settled();
    await expectCorrected(
      performance.now(),
      'after a restart of the control plane an instance leaves -> fallback',
    );
  });

  it(
    'answers every request in its lane while Nacos is killed for a minute and started again',
    async () => {
      const load = startLoad();
      await load.answersOf(2);
      const before = shop.controlPlane.logs().length;
      await nacos.kill();
      await load.answersOf(OUTAGE_S / 2);
      // Nobody tells of its end.
      await shop.app('product-2').kill();
      await load.answersOf(OUTAGE_S / 2);
      await nacos.start();
      const isForgotten = async (): Promise<boolean> =>
        (await shop.endpointAt('transaction', shop.app('product-2'))) === undefined;
      const gone = await untilPromised('who died is forgotten', isForgotten, performance.now(), HOLD_MS * 4);
      tellMeasured('Nacos is back -> who died meanwhile is forgotten', gone);
      await load.answersOf(3);
      await expectNoFailure(shop, await load.stop());
      const lines = shop.controlPlane.logs().slice(before).split('\n');
      const about = lines.filter((line) => line.includes('"event":"nacos_'));
      process.stdout.write(`${about.join('\n')}\n`);
      expect(about.filter((line) => line.includes('"nacos_lost"'))).toHaveLength(1);
      expect(about.filter((line) => line.includes('"nacos_back"'))).toHaveLength(1);
      expect(about.length).toBeLessThan(10);
      await settled(1);
      await expectCorrected(performance.now(), 'after an outage an instance leaves -> fallback');
    },
    LONG_MS,
  );

  it('keeps a healthy fleet where Nacos comes back without its data, says why, and lets go in the end', async () => {
    const ledger = await registerLedger();
    const unprotected = await startUnprotected();
    const load = startLoad();
    await load.answersOf(2);
    await nacos.loseData();
    const since = performance.now();
    const reason = await eventually('the reason in /status', async () => {
      const { problems } = await shop.controlPlane.status();
      return problems.find((one) => one.includes('came back without'));
    });
    process.stdout.write(`  /status: ${reason}\n`);
    await untilPromised('without the hold it is gone at once', async () => (await unprotected()) === 0);
    expect(await ledger()).toBe(1);
    const held = await untilPromised('it is let go', async () => (await ledger()) === 0, since, HOLD_MS * 4);
    tellMeasured('what nobody registers again is let go after', held);
    expect(held).toBeGreaterThan(HOLD_MS / 2);
    await load.answersOf(2);
    await expectNoFailure(shop, await load.stop());
    await expectCorrected(performance.now(), 'after a loss of data an instance leaves -> fallback');
  });

  /** A service that nobody registers again, and how many endpoints of it the sidecar of transaction knows. */
  async function registerLedger(): Promise<() => Promise<number>> {
    const { address: ip, port } = shop.mesh.pod('inventory').appAt;
    await callNacos(nacos, 'POST', '/ns/instance', { serviceName: 'ledger', ip, port, ephemeral: false });
    const { proxy } = shop.mesh.pod('transaction');
    const endpoints = (): Promise<number> => ledgerEndpoints(proxy);
    await untilPromised('the ledger', async () => (await endpoints()) === 1);
    return endpoints;
  }

  /** The same of a sidecar whose control plane believes whatever a server says. */
  async function startUnprotected(): Promise<() => Promise<number>> {
    const controlPlane = await startNacosControlPlane({ nacos, registry: { recovery: { holdMs: 0 } } });
    onTestFinished(() => controlPlane.close());
    const mesh = await startMesh({
      tellsAddresses: true,
      source: () => Promise.resolve(controlPlane.variables),
      pods: [{ name: 'observer', service: 'observer', app: false }],
    });
    onTestFinished(() => mesh.close());
    const { proxy } = mesh.pod('observer');
    await untilPromised('the ledger', async () => (await ledgerEndpoints(proxy)) === 1);
    return () => ledgerEndpoints(proxy);
  }
});

/** One instance of product comes while the load goes on. */
function inLaneOrWithoutGrayProduct(lane: Lane, lanes: string): boolean {
  return lanes === `${lane} ${lane} ${lane}` || lanes === `${lane} base ${lane}`;
}

async function ledgerEndpoints(proxy: Proxy): Promise<number> {
  await send(proxy.entry, { path: 'http://ledger/', host: 'ledger' });
  return ((await shownServices(proxy))['default/ledger'] ?? []).length;
}
