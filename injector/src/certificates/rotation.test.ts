import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SECRETS } from '@lanekeeper/kubernetes/resources';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWebhookServer, type WebhookServer } from '../admission/webhook-server.ts';
import { createLeaderWork } from '../leader-work.ts';
import {
  createCertificateCluster,
  type CertificateCluster,
  type Replica,
} from '../testing/certificate-cluster.ts';
import { post } from '../testing/post.ts';
import { issueLeaf, makeCa } from './authority.ts';
import { createPublisher } from './cert-manager.ts';
import { tendAuthority, type AuthorityOptions } from './self-signed.ts';
import { encode, KEYS } from './stored.ts';
import { isTrusted, readBundle } from './trust.ts';

const HOUR = 3_600_000;
const NAMES = {
  webhook: ['injector.mesh.svc', 'localhost', '127.0.0.1'],
  discovery: ['control-plane.mesh.svc'],
};

let cluster: CertificateCluster;
let term: AbortController;
const running: Promise<void>[] = [];
const servers: WebhookServer[] = [];

beforeEach(async () => {
  cluster = await createCertificateCluster();
  term = new AbortController();
});

afterEach(async () => {
  term.abort();
  await Promise.all(running.splice(0));
  for (const server of servers.splice(0)) server.close();
  await cluster.close();
});

/** A replica that believes to hold the Lease, for as long as `term` lasts. */
function lead(round: () => Promise<'again' | 'done'>, everyMs: number): Replica {
  const work = createLeaderWork({ name: 'certificates', log: cluster.log, round, everyMs });
  const replica = cluster.replica(() => work.wake());
  running.push(work.run(term.signal));
  return replica;
}

function authority(lives: { readonly caLifeMs: number; readonly leafLifeMs: number }): AuthorityOptions {
  return { store: cluster.store, log: cluster.log, names: NAMES, nowMs: Date.now, ...lives };
}

async function serve({ served, watched }: Replica): Promise<number> {
  await Promise.all([watched.start(), served.start()]);
  const server = createWebhookServer((request, response) => {
    request.resume();
    response.end('admitted');
  }, served);
  servers.push(server);
  return (await server.listen({ address: '127.0.0.1', port: 0 })).port;
}

const steps = (): readonly unknown[] =>
  cluster.log.events.filter(({ event }) => event === 'certificate_step').map(({ fields }) => fields['step']);
const countOf = (step: string): number => steps().filter((one) => one === step).length;
const published = async (): Promise<readonly string[]> => (await cluster.store.readConfiguration()).bundles;

describe('self-signed certificates', () => {
  it('lose no admission while leaves and CAs are replaced under two replicas that both believe to lead', async () => {
    // Certificates have whole seconds, and a busy machine stalls for one: nothing here has less than two to spare.
    const lives = { caLifeMs: 24_000, leafLifeMs: 12_000 };
    const replicas = [1, 2].map(() => lead(() => tendAuthority(authority(lives)), 200));
    const ports = await Promise.all(replicas.map(serve));
    const served = new Set<string>();
    // As old as what an API server, or a pod that starts, may know.
    let known = (await published())[0] ?? '';
    let admissions = 0;
    while (countOf('promote-next-ca') < 1 || countOf('drop-cas') < 1) {
      for (const port of ports) {
        expect(await post('{}', { port, ca: known })).toMatchObject({ status: 200 });
        admissions++;
      }
      for (const replica of replicas) {
        served.add(replica.served.current().cert);
        expect(replica.served.problem()).toBeUndefined();
      }
      const discovery = await cluster.store.readSecret('discovery');
      const leaf = readBundle(discovery.data[KEYS.cert]);
      if (leaf.length > 0) expect(isTrusted(leaf, readBundle(known), Date.now())).toBe(true);
      known = (await published())[0] ?? '';
      // A hundred admissions a second are enough.
      await sleep(20);
    }
    expect(served.size).toBeGreaterThan(2);
    expect(admissions).toBeGreaterThan(100);
  }, 60_000);

  it('come into empty Secrets, keep what the chart wrote, and trust goes out first', async () => {
    const replica = lead(
      () => tendAuthority(authority({ caLifeMs: 1000 * HOUR, leafLifeMs: 10 * HOUR })),
      HOUR,
    );
    expect(replica.served.problem()).toContain('not there');
    const port = await serve(replica);
    const [bundle = '', ...others] = await published();
    // Of the second mutating webhook and of the validating one.
    expect(others).toEqual([bundle, bundle]);
    expect(await post('{}', { port, ca: bundle })).toMatchObject({ status: 200 });
    await vi.waitFor(() => expect(replica.watched.discoveryCa()).toBe(bundle));
    await vi.waitFor(() => expect(countOf('issue-leaf')).toBe(2));
    expect(steps()).toEqual([
      'make-ca',
      'distribute-bundle',
      'distribute-bundle',
      'publish-bundle',
      'issue-leaf',
      'issue-leaf',
    ]);
    const { object, data } = await cluster.store.readSecret('webhook');
    expect(object.metadata.labels).toEqual({ chart: 'x' });
    expect(new X509Certificate(data[KEYS.cert] ?? '').subjectAltName).toBe(
      'DNS:injector.mesh.svc, DNS:localhost, IP Address:127.0.0.1',
    );
  });

  it('are published again when somebody wipes the webhook configuration', async () => {
    const replica = lead(
      () => tendAuthority(authority({ caLifeMs: 1000 * HOUR, leafLifeMs: 10 * HOUR })),
      HOUR,
    );
    const port = await serve(replica);
    const before = await published();
    const problems = new Set<string | undefined>();
    cluster.wipeConfiguration();
    await vi.waitFor(async () => {
      problems.add(replica.served.problem());
      expect(await published()).toEqual(before);
    });
    await vi.waitFor(() => expect(replica.served.problem()).toBeUndefined());
    expect(await post('{}', { port, ca: before[0] ?? '' })).toMatchObject({ status: 200 });
  });

  it('make a replica that is not trusted not ready, with the reason', async () => {
    const replica = lead(
      () => tendAuthority(authority({ caLifeMs: 1000 * HOUR, leafLifeMs: 10 * HOUR })),
      HOUR,
    );
    await serve(replica);
    term.abort();
    await Promise.all(running.splice(0));
    cluster.wipeConfiguration();
    await vi.waitFor(() => expect(replica.served.problem()).toContain('does not trust'));
  });

  it('are made anew when their key does not belong to them, or their names are others', async () => {
    const round = (): Promise<'again' | 'done'> =>
      tendAuthority(authority({ caLifeMs: 1000 * HOUR, leafLifeMs: 10 * HOUR }));
    const finish = async (): Promise<void> => {
      while ((await round()) === 'again');
    };
    await finish();
    const [webhook, discovery] = [
      await cluster.store.readSecret('webhook'),
      await cluster.store.readSecret('discovery'),
    ];
    await cluster.store.writeSecret(webhook, { [KEYS.key]: discovery.data[KEYS.key] });
    await finish();
    const repaired = await cluster.store.readSecret('webhook');
    expect(repaired.data[KEYS.cert]).not.toBe(webhook.data[KEYS.cert]);
    expect(countOf('issue-leaf')).toBe(3);
    const renamed = { ...NAMES, discovery: ['other.mesh.svc'] };
    await tendAuthority({ ...authority({ caLifeMs: 1000 * HOUR, leafLifeMs: 10 * HOUR }), names: renamed });
    const { data } = await cluster.store.readSecret('discovery');
    expect(new X509Certificate(data[KEYS.cert] ?? '').subjectAltName).toBe('DNS:other.mesh.svc');
  });
});

describe('certificates of cert-manager', () => {
  it('lose no admission when its issuer gets another CA at once', async () => {
    const life = { lifeMs: HOUR, nowMs: Date.now() };
    const issuers = await Promise.all([makeCa(life), makeCa(life)]);
    const write = async (ca: (typeof issuers)[number]): Promise<string> => {
      const leaf = await issueLeaf(ca, { ...life, names: ['localhost', '127.0.0.1'] });
      const secret = await cluster.store.readSecret('webhook');
      await cluster.store.writeSecret(secret, {
        [KEYS.cert]: leaf.cert,
        [KEYS.key]: leaf.key,
        [KEYS.bundle]: ca.cert,
      });
      return leaf.cert;
    };
    const [first, second] = issuers;
    if (first === undefined || second === undefined) throw new Error('two were made');
    await write(first);
    const publisher = createPublisher({ store: cluster.store, log: cluster.log, nowMs: Date.now });
    const replica = lead(publisher, HOUR);
    const port = await serve(replica);
    let known = (await published())[0] ?? '';
    const leaf = await write(second);
    while (replica.served.current().cert !== leaf) {
      expect(await post('{}', { port, ca: known })).toMatchObject({ status: 200 });
      known = (await published())[0] ?? '';
    }
    expect(await post('{}', { port, ca: known })).toMatchObject({ status: 200 });
    expect(readBundle(known)).toHaveLength(2);
  });

  it('are waited for until they are made', async () => {
    cluster.server.remove({ resource: SECRETS }, 'lanekeeper-webhook-tls', 'lanekeeper-system');
    const replica = lead(createPublisher({ store: cluster.store, log: cluster.log, nowMs: Date.now }), HOUR);
    const started = serve(replica);
    await vi.waitFor(() => expect(cluster.log.events.at(-1)?.event).toBe('certificate_awaited'));
    const life = { lifeMs: HOUR, nowMs: Date.now() };
    const ca = await makeCa(life);
    const leaf = await issueLeaf(ca, { ...life, names: ['127.0.0.1'] });
    const data = {
      [KEYS.cert]: encode(leaf.cert),
      [KEYS.key]: encode(leaf.key),
      [KEYS.bundle]: encode(ca.cert),
    };
    const metadata = { name: 'lanekeeper-webhook-tls', namespace: 'lanekeeper-system' };
    cluster.server.put({ resource: SECRETS }, { metadata, data });
    expect(await post('{}', { port: await started, ca: ca.cert })).toMatchObject({ status: 200 });
  });

  it('have the old CA forgotten after a while', async () => {
    const life = { lifeMs: HOUR, nowMs: Date.now() };
    const [first, second] = await Promise.all([makeCa(life), makeCa(life)]);
    let nowMs = Date.now();
    const publisher = createPublisher({ store: cluster.store, log: cluster.log, nowMs: () => nowMs });
    for (const ca of [first, second]) {
      await cluster.store.writeSecret(await cluster.store.readSecret('webhook'), { [KEYS.bundle]: ca.cert });
      while ((await publisher()) === 'again');
    }
    expect(readBundle((await published())[0])).toHaveLength(2);
    nowMs += HOUR / 2;
    while ((await publisher()) === 'again');
    expect(readBundle((await published())[0]).map(String)).toEqual(readBundle(second.cert).map(String));
  });
});
