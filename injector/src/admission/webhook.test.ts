import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { once } from 'node:events';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFileSource } from '../certificates/file-source.ts';
import type { CertificatePair, CertificateSource } from '../certificates/source.ts';
import { createInjectionMetrics } from '../injection-metrics.ts';
import { contextOf, podOf } from '../testing/admission.ts';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { createCertificateFolder, type CertificateFolder } from '../testing/certificate-folder.ts';
import { post, reviewOf, type PostOptions, type Reply } from '../testing/post.ts';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { createWebhook, MUTATE_PATH } from './http.ts';
import { createInjectionReviewer } from './injection-reviewer.ts';
import { MAX_REVIEW_BYTES } from './read-body.ts';
import { review } from './review.ts';
import { createWebhookServer, type WebhookServer } from './webhook-server.ts';

describe('the webhook', () => {
  let first: CertificatePair;
  let folder: CertificateFolder;
  let certificates: CertificateSource;
  let server: WebhookServer;
  let metrics: Metrics;
  let port: number;
  /** What a review waits for. */
  let hold: () => Promise<void>;
  let isDraining: boolean;
  const log = createRecordingLog();

  beforeAll(() => {
    first = makePair('first');
  });

  beforeEach(async () => {
    hold = () => Promise.resolve();
    isDraining = false;
    folder = createCertificateFolder(first);
    certificates = createFileSource({ files: { ...folder, pollMs: 10 }, log, nowMs: Date.now });
    metrics = new Metrics();
    const injectionMetrics = createInjectionMetrics(metrics);
    const reviewer = createInjectionReviewer({
      review: async (request) => {
        await hold();
        return review(request, contextOf());
      },
      metrics: injectionMetrics,
      log,
    });
    const handle = createWebhook({
      reviewers: { [MUTATE_PATH]: reviewer },
      metrics: injectionMetrics,
      log,
      isDraining: () => isDraining,
      now: () => performance.now(),
    });
    server = createWebhookServer(handle, certificates);
    await certificates.start();
    ({ port } = await server.listen({ address: '127.0.0.1', port: 0 }));
  });

  afterEach(() => {
    server.close();
    certificates.close();
    folder.remove();
  });

  const send = (body: string | Buffer, options: Partial<PostOptions> = {}): Promise<Reply> =>
    post(body, { port, ca: first.cert, ...options });

  it('answers a review with its UID and a patch', async () => {
    const { status, body } = await send(reviewOf(podOf()));
    expect(status).toBe(200);
    const parsed = JSON.parse(body) as { response: { patch: string } };
    expect(parsed).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'uid-1', allowed: true, patchType: 'JSONPatch' },
    });
    expect(Buffer.from(parsed.response.patch, 'base64').toString()).toContain('lanekeeper-sidecar');
  });

  it('answers a dry run in the same way and counts nothing', async () => {
    const { body } = await send(reviewOf(podOf(), { dryRun: true }));
    expect(body).toContain('JSONPatch');
    expect(metrics.expose()).not.toContain('lanekeeper_injection_total{');
    await send(reviewOf(podOf({ spec: { hostNetwork: true } })));
    expect(metrics.expose()).toContain(
      'lanekeeper_injection_total{result="skipped",reason="host-network"} 1',
    );
  });

  it.each<readonly [string, number, string | Buffer, Partial<PostOptions>]>([
    ['no JSON', 400, '{', {}],
    ['no UTF-8', 400, Buffer.from([0xff, 0xfe]), {}],
    ['no object', 400, '[]', {}],
    ['another version', 400, reviewOf(podOf()).replace('k8s.io/v1', 'k8s.io/v1beta1'), {}],
    ['no request', 400, '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}', {}],
    ['no UID', 400, reviewOf(podOf(), { uid: '' }), {}],
    ['an object that is none', 400, reviewOf('pod'), {}],
    ['another content type', 415, reviewOf(podOf()), { headers: { 'content-type': 'application/yaml' } }],
    ['another method', 405, '', { method: 'PUT' }],
    ['another path', 404, '{}', { path: '/' }],
  ])('answers %s with %i and goes on', async (_, status, body, options) => {
    expect(await send(body, options)).toMatchObject({ status });
    expect(metrics.expose()).toContain(`lanekeeper_injection_rejected_total{code="${status}"} 1`);
    expect(await send(reviewOf(podOf()))).toMatchObject({ status: 200 });
  });

  it('takes a review as large as the API server can send', async () => {
    const pod = podOf({ annotations: { big: 'x'.repeat(3 * 1024 * 1024 - 10_000) } });
    expect(await send(reviewOf(pod, { oldObject: pod }))).toMatchObject({ status: 200 });
  });

  it('refuses a larger one with 413, by its length and also without one', async () => {
    const socket = connect({ port, host: '127.0.0.1', ca: first.cert });
    socket.write(
      `POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${MAX_REVIEW_BYTES + 1}\r\n\r\n`,
    );
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();

    const chunked = connect({ port, host: '127.0.0.1', ca: first.cert });
    chunked.on('error', () => undefined);
    chunked.write(
      'POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    const mebibyte = `100000\r\n${' '.repeat(0x10_0000)}\r\n`;
    for (let sent = 0; sent <= 7; sent++) chunked.write(mebibyte);
    const [late] = (await once(chunked, 'data')) as [Buffer];
    expect(late.toString()).toMatch(/^HTTP\/1.1 413 /);
    chunked.destroy();
  });

  it('takes a new certificate for new connections and loses no open one', async () => {
    const second = makePair('second');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const both = first.cert + second.cert;
    await send(reviewOf(podOf()), { ca: both, agent });
    folder.write(second);
    await vi.waitFor(() =>
      expect(log.events.filter(({ event }) => event === 'certificate_loaded').length).toBeGreaterThan(1),
    );
    await vi.waitFor(async () => {
      const socket = connect({ port, host: '127.0.0.1', ca: both });
      await once(socket, 'secureConnect');
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      expect(subject.CN).toBe('second');
    });
    const reused = await send(reviewOf(podOf()), { ca: both, agent });
    expect(reused.status).toBe(200);
    agent.destroy();
  });

  it('keeps the last good certificate while the files do not fit together', async () => {
    folder.write({ cert: makePair('other').cert, key: first.key });
    await vi.waitFor(() => expect(log.events.at(-1)?.event).toBe('certificate_rejected'));
    expect(await send(reviewOf(podOf()))).toMatchObject({ status: 200 });
    expect(certificates.problem()).toBeUndefined();
    expect(certificates.current()).toEqual(first);
  });

  it('ends with its last answer when it drains', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    hold = () => {
      entered.resolve();
      return gate.promise;
    };
    // It would keep its connection far longer than a drain may take.
    const agent = new Agent({ keepAlive: true, timeout: 60_000 });
    const answer = send(reviewOf(podOf()), { agent });
    await entered.promise;
    isDraining = true;
    const drained = server.drain();
    await expect(send(reviewOf(podOf()))).rejects.toThrow('ECONNREFUSED');
    gate.resolve();
    expect(await answer).toMatchObject({ status: 200 });
    await drained;
    agent.destroy();
  });
});

describe('the certificate source', () => {
  it('says when its certificate has ended', async () => {
    const folder = createCertificateFolder(makePair('short', 1));
    const inTwoDays = Date.now() + 2 * 86_400_000;
    const source = createFileSource({
      files: { ...folder, pollMs: 1_000 },
      log: createRecordingLog(),
      nowMs: () => inTwoDays,
    });
    expect(source.problem()).toBe('no certificate');
    await source.start();
    expect(source.problem()).toBe('the certificate has expired');
    source.close();
    folder.remove();
  });

  it('does not start without one', async () => {
    const files = { certificateFile: '/nowhere/tls.crt', keyFile: '/nowhere/tls.key', pollMs: 1_000 };
    const source = createFileSource({ files, log: createRecordingLog(), nowMs: Date.now });
    await expect(source.start()).rejects.toThrow('ENOENT');
  });
});
