import { callNacos } from '@lanekeeper/playground/nacos-server/nacos-api';
import type { NacosServer } from '@lanekeeper/playground/nacos-server/nacos-server';
import { LABELS } from '@lanekeeper/protocol/labels';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer } from './server/start-server.ts';
import { expectNoFailure } from './harness/expect-no-failure.ts';
import { startShop, type Shop } from './harness/shop.ts';
import { rulesDocument, HOSTS, lanesOf, type Lane } from './harness/shop-layout.ts';
import { tellMeasured, untilPromised } from './harness/until-promised.ts';

/** Beats more often than by default, so that Nacos misses them sooner. */
const QUICK_BEATS = {
  'preserved.heart.beat.interval': '1000',
  'preserved.heart.beat.timeout': '3000',
  'preserved.ip.delete.timeout': '6000',
};
/** A second is promised; a machine that does much else at the same time gets five. */
const A_SECOND = 5_000;
const MANY = 60;

describe('the shop of seed 000 on a real Nacos', () => {
  let nacos: NacosServer;
  let shop: Shop;

  beforeAll(async () => {
    nacos = await startServer();
    shop = await startShop({ nacos, metadata: QUICK_BEATS });
  });
  afterAll(async () => {
    await shop?.close();
    await nacos?.stop();
  });

  const askOften = (lane: Lane): Promise<readonly string[]> =>
    Promise.all(Array.from({ length: MANY }, () => shop.ask(lane)));

  it('keeps each request in its lane, and spreads the baseline over all that registered, the Java client among them', async () => {
    const base = await askOften('base');
    expect(new Set(base.map(lanesOf))).toEqual(new Set(['base base base']));
    expect(new Set(base.map((titles) => titles.split(' ')[1]))).toEqual(
      new Set(['product', 'product-2', 'product-java']),
    );
    expect(new Set(await askOften('gray'))).toEqual(
      new Set(['transaction-gray product-gray inventory-gray']),
    );
  });

  it('brings a call into its lane where the application chose an instance of another lane, and keeps a choice that lies in it', async () => {
    const { proxy } = shop.mesh.pod('transaction-gray');
    await askOften('gray');
    const hops = (await proxy.hops(`?limit=${MANY}`)).filter(({ direction }) => direction === 'outbound');
    const choices = hops.map(({ chosen, endpoint }) => `${chosen?.lane} -> ${endpoint?.lane}`);
    expect(new Set(choices)).toEqual(new Set(['base -> gray', 'gray -> gray']));
    const asked = await shop.mesh.pod('transaction').proxy.hops(`?limit=${MANY * 4}`);
    const own = asked.filter(({ direction, chosen }) => direction === 'outbound' && chosen?.lane === 'base');
    expect(own.length).toBeGreaterThan(0);
    expect(own.map(({ endpoint }) => endpoint?.address)).toEqual(own.map(({ chosen }) => chosen?.address));
  });

  it('falls back within a second when the gray instance leaves Nacos, and is back in the lane when it registers again', async () => {
    const gray = shop.app('product-gray');
    const left = performance.now();
    await gray.deregister();
    const away = await shop.untilLanes('gray', 'gray base gray', left);
    const back = performance.now();
    await gray.register();
    const again = await shop.untilLanes('gray', 'gray gray gray', back);
    tellMeasured('a gray instance deregisters -> fallback', away);
    tellMeasured('it registers again -> its lane', again);
    expect(away).toBeLessThan(A_SECOND);
    expect(again).toBeLessThan(A_SECOND);
    expect(new Set((await askOften('gray')).map(lanesOf))).toEqual(new Set(['gray gray gray']));
  });

  it('moves an instance between lanes within a second when its metadata changes, whoever changes it', async () => {
    const { ip, port } = shop.app('product-2');
    const move = (lane: Lane) => (): Promise<unknown> =>
      callNacos(nacos, 'PUT', '/ns/instance', {
        ...{ serviceName: 'product', ip, port, ephemeral: true },
        metadata: JSON.stringify({ ...QUICK_BEATS, [LABELS.lane]: lane }),
      });
    const java = shop.app('product-java');
    const client = shop.registrant.client('product-java');
    const register = (metadata: Readonly<Record<string, string>>) => () =>
      client.register({ service: 'product' }, { ip: java.ip, port: java.port, metadata });
    const laneOf = async (
      app: { readonly ip: string; readonly port: number },
      lane: Lane,
    ): Promise<boolean> => (await shop.endpointAt('transaction', app))?.lane === lane;
    const changes = [
      { what: 'through the API to gray', app: { ip, port }, change: move('gray'), lane: 'gray' },
      { what: 'through the API to base', app: { ip, port }, change: move('base'), lane: 'base' },
      {
        what: 'by the Java client to gray',
        app: java,
        change: register({ [LABELS.lane]: 'gray' }),
        lane: 'gray',
      },
      { what: 'by the Java client to base', app: java, change: register({}), lane: 'base' },
    ] as const;
    for (const { what, app, change, lane } of changes) {
      const since = performance.now();
      await change();
      const ms = await untilPromised(what, () => laneOf(app, lane), since);
      tellMeasured(`metadata changed ${what}`, ms);
      expect(ms).toBeLessThan(A_SECOND);
      const titles = await askOften('gray');
      expect(titles.some((one) => one.includes(app === java ? 'product-java' : 'product-2'))).toBe(
        lane === 'gray',
      );
    }
  });

  it('ejects a provider that was killed at once, without a failed request, and forgets it when Nacos does', async () => {
    const victim = shop.app('product');
    const load = shop.load();
    await load.answersOf(1);
    const since = performance.now();
    await victim.kill();
    const stateOf = () => shop.endpointAt('transaction', victim);
    const ejected = await untilPromised(
      'its ejection',
      async () => (await stateOf())?.unused === 'ejected',
      since,
    );
    tellMeasured('a provider is killed -> ejected', ejected);
    const gone = await untilPromised('Nacos forgets it', async () => (await stateOf()) === undefined, since);
    tellMeasured('a provider is killed -> gone from the list', gone);
    await expectNoFailure(shop, await load.stop());
    expect(ejected).toBeLessThan(A_SECOND);
  });

  it('follows lanes and routes in Nacos, and keeps the last good ones when an edit is broken', async () => {
    const whole = rulesDocument([HOSTS.gray, HOSTS.base]);
    const since = performance.now();
    await shop.publishRules(whole);
    tellMeasured(
      'a rule published in Nacos -> in force',
      await shop.untilLanes('base', 'gray gray gray', since),
    );
    await shop.publishRules(whole.replace('gateway:', 'gatweay:'));
    await untilPromised('the mistake in /status', async () => {
      return JSON.stringify(await shop.controlPlane.status()).includes('gatweay');
    });
    expect(await shop.ask('base')).toBe('transaction-gray product-gray inventory-gray');
    await shop.publishRules(rulesDocument());
    await shop.untilLanes('base', 'base base base');
    expect(JSON.stringify(await shop.controlPlane.status())).not.toContain('gatweay');
  });
});
