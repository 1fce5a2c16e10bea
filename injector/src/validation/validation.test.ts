import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWebhook, VALIDATE_PATH } from '../admission/http.ts';
import { createWebhookServer, type WebhookServer } from '../admission/webhook-server.ts';
import type { Reviewer } from '../admission/reviewer.ts';
import { createFileSource } from '../certificates/file-source.ts';
import type { CertificatePair, CertificateSource } from '../certificates/source.ts';
import { createInjectionMetrics } from '../injection-metrics.ts';
import { createCertificateFolder, type CertificateFolder } from '../testing/certificate-folder.ts';
import { post, reviewOf } from '../testing/post.ts';
import { createValidationReviewer } from './reviewer.ts';

interface Response {
  readonly uid: string;
  readonly allowed: boolean;
  readonly warnings?: readonly string[];
  readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
}

let pair: CertificatePair;
let folder: CertificateFolder;
let certificates: CertificateSource;
let server: WebhookServer;
let port: number;
let metrics: Metrics;
let reviewer: Reviewer;
const log = createRecordingLog();

beforeAll(async () => {
  pair = makePair('validation');
  folder = createCertificateFolder(pair);
  certificates = createFileSource({ files: { ...folder, pollMs: 1_000 }, log, nowMs: Date.now });
  const handle = createWebhook({
    reviewers: { [VALIDATE_PATH]: (request) => reviewer(request) },
    metrics: createInjectionMetrics(new Metrics()),
    log,
    isDraining: () => false,
    now: () => performance.now(),
  });
  server = createWebhookServer(handle, certificates);
  await certificates.start();
  ({ port } = await server.listen({ address: '127.0.0.1', port: 0 }));
});

beforeEach(() => {
  metrics = new Metrics();
  reviewer = createValidationReviewer(metrics, log);
});

afterAll(() => {
  server.close();
  certificates.close();
  folder.remove();
});

function lane(spec: object, changes: object = {}): object {
  const metadata = { name: 'gray', namespace: 'shop' };
  return {
    apiVersion: 'lanekeeper.io/v1alpha1',
    kind: 'Lane',
    metadata,
    spec: { group: 'demo', ...spec },
    ...changes,
  };
}

async function answerTo(object: unknown, changes: Record<string, unknown> = {}): Promise<Response> {
  const kind = { group: 'lanekeeper.io', version: 'v1alpha1', kind: 'Lane' };
  const body = reviewOf(object, { kind, ...changes });
  const reply = await post(body, { port, ca: pair.cert, path: VALIDATE_PATH });
  expect(reply.status).toBe(200);
  return (JSON.parse(reply.body) as { readonly response: Response }).response;
}

describe('the validating webhook', () => {
  it('lets in an object that is right, and says nothing', async () => {
    expect(await answerTo(lane({ match: [{ percent: 5, key: { header: 'x-user-id' } }] }))).toEqual({
      uid: 'uid-1',
      allowed: true,
    });
    expect(metrics.expose()).toContain('lanekeeper_validation_total{kind="Lane",result="allowed"} 1');
  });

  it('refuses one that is wrong, with all that is wrong and where', async () => {
    const wrong = lane({ match: [{ percent: 500 }, {}], fallback: ['gray'], ttl: 'soon' });
    expect(await answerTo(wrong)).toEqual({
      uid: 'uid-1',
      allowed: false,
      status: {
        status: 'Failure',
        code: 422,
        reason: 'Invalid',
        message: [
          'spec.ttl: expected a duration such as 72h, 30m or 7d, at least 1s and at most 3650d, found "soon"',
          'spec.match[0].percent: expected a number from 0 to 100 with at most two decimals, found 500',
          'spec.match[1]: a rule needs a condition: one of hosts, paths, methods, headers, cookies, query, regions, sourceCidrs, percent',
          'spec.fallback[0]: lane gray cannot fall back to itself',
        ].join('; '),
      },
    });
    expect(metrics.expose()).toContain('lanekeeper_validation_total{kind="Lane",result="refused"} 1');
  });

  it('warns of what is right and may not be meant, each warning short enough to be shown whole', async () => {
    const { allowed, warnings } = await answerTo(
      lane({ entries: ['a'], match: [{ percent: 5 }, { hosts: ['*'] }, { hosts: ['a.example.com'] }] }),
    );
    expect(allowed).toBe(true);
    expect(warnings?.map((warning) => warning.split(':')[0])).toEqual([
      'LK0109 spec.match[2]',
      'LK0110 spec.match[0].key',
    ]);
    for (const warning of warnings ?? []) expect(warning.length).toBeLessThanOrEqual(250);
  });

  it('does not warn of what the object says is meant', async () => {
    const metadata = { name: 'gray', namespace: 'shop', annotations: { 'lanekeeper.io/ignore': 'LK0110' } };
    expect(
      await answerTo(lane({ entries: ['a'], match: [{ percent: 5 }] }, { metadata })),
    ).not.toHaveProperty('warnings');
  });

  it('lets an update through that leaves a wrong spec as it was, so that it can be deleted, and repeats what is wrong', async () => {
    const stuck = lane({ ttl: 'soon' });
    const update = { operation: 'UPDATE', oldObject: stuck };
    const { allowed, warnings } = await answerTo(
      { ...stuck, metadata: { name: 'gray', namespace: 'shop', finalizers: [] } },
      update,
    );
    expect(allowed).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('spec.ttl: expected a duration') as unknown]);
    expect(await answerTo(lane({ ttl: 'later' }), update)).toMatchObject({ allowed: false });
  });

  it.each([
    ['a deletion', null, { operation: 'DELETE', oldObject: lane({ ttl: 'soon' }) }],
    ['a status', lane({ ttl: 'soon' }), { subResource: 'status', operation: 'UPDATE' }],
    ['another kind', { apiVersion: 'v1', kind: 'Pod', metadata: {} }, {}],
    ['another version', { ...lane({}), apiVersion: 'lanekeeper.io/v1beta1' }, {}],
  ])('leaves alone what it is not for: %s', async (_, object, changes) => {
    expect(await answerTo(object, changes)).toEqual({ uid: 'uid-1', allowed: true });
  });

  it('checks a dry run as anything else, and does not count it', async () => {
    expect(await answerTo(lane({ ttl: 'soon' }), { dryRun: true })).toMatchObject({ allowed: false });
    expect(metrics.expose()).not.toContain('lanekeeper_validation_total{');
  });

  it('outlives what nests deeper than anybody can look', async () => {
    const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const body = reviewOf(lane({}), { kind: { kind: 'Lane' }, operation: 'UPDATE', oldObject: lane({}) });
    const nested = body.replaceAll('"group":"demo"', `"match":${deep(200_000)}`);
    const reply = await post(nested, { port, ca: pair.cert, path: VALIDATE_PATH });
    // How deep a check can look depends on Node: it stays as it was, or it could not be checked.
    expect(JSON.parse(reply.body)).toMatchObject({ response: { allowed: true } });
  });

  it('lets in what it cannot look at, and says so', async () => {
    const unreadable = {
      get apiVersion(): string {
        throw new RangeError('too deep');
      },
    };
    const { body, report } = await reviewer({
      ...{ uid: 'uid-1', group: '', kind: 'Lane', subResource: '', operation: 'UPDATE', namespace: 'shop' },
      ...{ dryRun: true, object: unreadable, oldObject: undefined },
    });
    expect(body).toMatchObject({
      response: {
        allowed: true,
        warnings: [expect.stringMatching(/could not be checked \(too deep\)/) as unknown],
      },
    });
    report(0);
    expect(log.events.some(({ event }) => event === 'validation_failed')).toBe(true);
  });

  it('answers an object of rubbish with what is wrong, and goes on', async () => {
    const rubbish = {
      apiVersion: 'lanekeeper.io/v1alpha1',
      kind: 'LaneGroup',
      metadata: 7,
      spec: { services: 'all' },
    };
    expect(await answerTo(rubbish)).toMatchObject({ allowed: false });
    expect(await answerTo(lane({}))).toMatchObject({ allowed: true });
  });
});
