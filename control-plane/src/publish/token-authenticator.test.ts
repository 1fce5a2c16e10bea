import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { TokenReview } from '@lanekeeper/kubernetes/answers';
import { Metrics } from '@lanekeeper/runtime/metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { startDiscovery, type DiscoveryFixture, type FixtureOptions } from '../testing/discovery-fixture.ts';
import { createTokenAuthenticator, type TokenReviewer } from './token-authenticator.ts';

const REVIEW: TokenReview = {
  authenticated: true,
  error: '',
  username: 'system:serviceaccount:shop:default',
  audiences: ['lanekeeper'],
  extra: {
    'authentication.kubernetes.io/pod-name': ['a-1'],
    'authentication.kubernetes.io/pod-uid': ['uid-1'],
  },
};

/** An API server that answers with what `reviews` has for a token; unknown ones are not authenticated. */
class FakeReviewer implements TokenReviewer {
  readonly asked: string[] = [];
  readonly reviews = new Map<string, TokenReview | Error>();

  reviewToken(token: string): Promise<TokenReview> {
    this.asked.push(token);
    const review = this.reviews.get(token) ?? { ...REVIEW, authenticated: false, error: `unknown ${token}` };
    return review instanceof Error ? Promise.reject(review) : Promise.resolve(review);
  }
}

let open: DiscoveryFixture[] = [];

async function start(
  limits: FixtureOptions['limits'] = {},
): Promise<{ fixture: DiscoveryFixture; reviewer: FakeReviewer }> {
  const reviewer = new FakeReviewer();
  reviewer.reviews.set('good', REVIEW);
  const metrics = new Metrics();
  const authenticator = createTokenAuthenticator({ reviewer, audience: 'lanekeeper', metrics, now: () => 0 });
  const fixture = await startDiscovery({ authenticator, limits });
  open.push(fixture);
  return { fixture, reviewer };
}

/** A token as the API server makes them, as far as it is read here. */
function jwt(claims: object): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${createHash('sha256').digest('base64url')}`;
}

afterEach(() => {
  for (const fixture of open) fixture.close();
  open = [];
});

describe('a sidecar', () => {
  it('is served when the API server says that it is who it says', async () => {
    const { fixture } = await start();
    const client = fixture.connect({ token: 'good' });
    client.hello({ pod: 'a-1', namespace: 'shop' });
    expect((await client.take()).mesh).toBeDefined();
  });

  it.each([
    ['has no token', undefined, status.UNAUTHENTICATED, 'token_absent'],
    ['has a token that the API server does not accept', 'forged', status.UNAUTHENTICATED, 'token_refused'],
    ['has a token for somebody else', 'other-audience', status.UNAUTHENTICATED, 'token_refused'],
    ['has a token that has expired', 'expired', status.UNAUTHENTICATED, 'token_refused'],
    ['has a token of no pod', 'no-pod', status.PERMISSION_DENIED, 'token_of_no_pod'],
    ['has a token of a user', 'user', status.PERMISSION_DENIED, 'token_of_no_pod'],
    ['comes while the API server is away', 'away', status.UNAVAILABLE, 'reviewer_unavailable'],
  ])('that %s is refused, logged and counted, without its token', async (_, token, code, reason) => {
    const { fixture, reviewer } = await start();
    reviewer.reviews.set('expired', {
      ...REVIEW,
      authenticated: false,
      error: 'service account token has expired',
    });
    reviewer.reviews.set('other-audience', { ...REVIEW, audiences: ['https://kubernetes.default.svc'] });
    reviewer.reviews.set('no-pod', { ...REVIEW, extra: {} });
    reviewer.reviews.set('user', { ...REVIEW, username: 'alice' });
    reviewer.reviews.set('away', new Error('connect ECONNREFUSED'));
    const client = fixture.connect(token === undefined ? {} : { token });
    client.hello();
    const end = await client.status;
    expect(end).toMatchObject({ code, details: expect.stringMatching(new RegExp(`^${reason}: `)) });
    expect(client.updates).toEqual([]);
    const logged = fixture.log.events.find(({ event }) => event === 'stream_ended');
    expect(logged?.fields['code']).toBe(reason);
    const said = `${end.details} ${JSON.stringify(fixture.log.events)}`;
    if (token !== undefined) expect(said).not.toContain(`unknown ${token}`);
  });

  it.each([
    ['pod', { pod: 'b-1', namespace: 'shop' }],
    ['namespace', { pod: 'a-1', namespace: 'bank' }],
  ])('that claims another %s is refused and logged', async (_, node) => {
    const { fixture } = await start();
    const client = fixture.connect({ token: 'good' });
    client.hello(node);
    expect(await client.status).toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('identity_mismatch'),
    });
    expect(fixture.log.events.at(-1)).toMatchObject({
      event: 'stream_ended',
      fields: { code: 'identity_mismatch', pod: 'a-1', namespace: 'shop' },
    });
  });

  it.each([
    ['whose service account is the one of gateways', 'shop/edge', true],
    ['of the same account elsewhere', 'bank/edge', false],
    ['of any account where there are no gateways', undefined, false],
  ])('%s may be a gateway: %j', async (_, gatewayAccount, expected) => {
    const reviewer = new FakeReviewer();
    reviewer.reviews.set('good', { ...REVIEW, username: 'system:serviceaccount:shop:edge' });
    const options = { reviewer, audience: 'lanekeeper', metrics: new Metrics(), now: () => 0 };
    const authenticator = createTokenAuthenticator({ ...options, gatewayAccount });
    await expect(authenticator.authenticate('good')).resolves.toMatchObject({ isGateway: expected });
  });

  it('is sent for a fresh token when its own ends', async () => {
    const { fixture, reviewer } = await start({ minAgeMs: 0 });
    const token = jwt({ exp: Date.now() / 1000 + 0.2 });
    reviewer.reviews.set(token, REVIEW);
    const client = fixture.connect({ token });
    client.hello();
    await client.take();
    expect(await client.status).toMatchObject({ code: status.OK, details: expect.stringContaining('age') });
  });

  it('is served for a while with a token that its clock or ours takes for expired', async () => {
    const { fixture, reviewer } = await start();
    const token = jwt({ exp: 1 });
    reviewer.reviews.set(token, REVIEW);
    const client = fixture.connect({ token });
    client.hello();
    await client.take();
    client.want('host:b');
    expect((await client.take()).answered).toEqual(['host:b']);
  });

  it('replaces the stream that the same pod had before', async () => {
    const { fixture } = await start();
    const [first, second] = [fixture.connect({ token: 'good' }), fixture.connect({ token: 'good' })];
    first.hello();
    await first.take();
    second.hello();
    await second.take();
    expect(await first.status).toMatchObject({ code: status.ABORTED });
    expect([...fixture.publisher.streams()]).toHaveLength(1);
  });
});

describe('the API server', () => {
  it('is asked once for a token that comes again soon, and again later', async () => {
    let now = 1_000_000;
    const reviewer = new FakeReviewer();
    reviewer.reviews.set('good', REVIEW);
    const options = { reviewer, audience: 'lanekeeper', metrics: new Metrics(), now: () => now };
    const authenticator = createTokenAuthenticator(options);
    await Promise.all([authenticator.authenticate('good'), authenticator.authenticate('good')]);
    await authenticator.authenticate('good');
    expect(reviewer.asked).toEqual(['good']);
    now += 61_000;
    reviewer.reviews.delete('good');
    await expect(authenticator.authenticate('good')).rejects.toMatchObject({ code: 'token_refused' });
    expect(reviewer.asked).toEqual(['good', 'good']);
  });

  it('is asked again at once after it was away', async () => {
    const reviewer = new FakeReviewer();
    reviewer.reviews.set('good', new Error('timeout'));
    const options = { reviewer, audience: 'lanekeeper', metrics: new Metrics(), now: () => 0 };
    const authenticator = createTokenAuthenticator(options);
    await expect(authenticator.authenticate('good')).rejects.toMatchObject({ code: 'reviewer_unavailable' });
    reviewer.reviews.set('good', REVIEW);
    await expect(authenticator.authenticate('good')).resolves.toMatchObject({ pod: 'a-1' });
  });

  it('is asked about so many tokens at a time and no more', async () => {
    let [running, most] = [0, 0];
    const reviewer: TokenReviewer = {
      async reviewToken() {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return REVIEW;
      },
    };
    const options = { reviewer, audience: 'lanekeeper', metrics: new Metrics(), now: () => 0 };
    const authenticator = createTokenAuthenticator(options);
    const tokens = Array.from({ length: 500 }, (_, index) => `token-${index}`);
    const callers = await Promise.all(tokens.map((token) => authenticator.authenticate(token)));
    expect(callers).toHaveLength(500);
    expect(most).toBe(32);
  });
});
