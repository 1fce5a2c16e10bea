import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { expect, onTestFinished, test } from 'vitest';
import type { AccessToken } from '../access-token.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { createAccessToken, type LoginOptions } from './create-access-token.ts';

const SECRET = 'pass word&=%/secret';

async function startNacos(options?: ConstructorParameters<typeof HttpNacos>[0]): Promise<HttpNacos> {
  const server = await new HttpNacos(options).start();
  server.users.passwords.set('lane', SECRET);
  onTestFinished(() => server.stop());
  return server;
}

interface Opened {
  readonly token: AccessToken;
  readonly log: ReturnType<typeof createRecordingLog>;
  readonly clock: { ms: number };
}

function open(servers: readonly HttpNacos[], overrides: Partial<LoginOptions> = {}): Opened {
  const log = createRecordingLog();
  const clock = { ms: 0 };
  const token = createAccessToken(
    {
      name: 'main',
      servers: servers.map((server) => server.address),
      contextPath: '/nacos',
      tls: undefined,
      credentials: { username: 'lane', password: async () => SECRET },
      ...overrides,
    },
    { log, now: () => clock.ms },
  );
  onTestFinished(() => token.close());
  return { token, log, clock };
}

const failureOf = (token: AccessToken): Promise<unknown> =>
  token.current().then(
    () => undefined,
    (error: unknown) => error,
  );

test('logs in once for all who ask at the same time', async () => {
  const server = await startNacos();
  const { token } = open([server]);
  expect(await Promise.all([token.current(), token.current(), token.current()])).toEqual([
    'token-1',
    'token-1',
    'token-1',
  ]);
  expect(server.requests).toHaveLength(1);
  expect([...(server.requests[0]?.params ?? [])]).toEqual([
    ['username', 'lane'],
    ['password', SECRET],
  ]);
});

test.each(['/v1/auth/users/login', '/v3/auth/user/login'])('finds the login at %s', async (path) => {
  const server = await startNacos();
  server.users.loginPath = path;
  expect(await open([server]).token.current()).toBe('token-1');
});

test('asks nothing without credentials', async () => {
  const server = await startNacos();
  expect(await open([server], { credentials: undefined }).token.current()).toBeUndefined();
  expect(server.requests).toEqual([]);
});

test.each([404, 501])('has no token where the server has no logins (HTTP %i)', async (status) => {
  const server = await startNacos();
  server.fault = () => ({ status, body: '' });
  const { token, clock } = open([server]);
  expect(await token.current()).toBeUndefined();
  expect(await token.current()).toBeUndefined();
  expect(server.requests).toHaveLength(3);
  server.fault = () => undefined;
  clock.ms = 61_000;
  expect(await token.current()).toBe('token-1');
});

test('has no token where the server cannot make one and wants none', async () => {
  const server = await startNacos();
  server.users.passwords.clear();
  server.fault = ({ path }) => (path.startsWith('/v1/auth') ? { status: 500, body: 'no key' } : undefined);
  expect(await open([server]).token.current()).toBeUndefined();
});

test('knows wrong credentials by the status 0 of a server without its console', async () => {
  const server = await startNacos();
  server.fault = () => ({ status: 0, body: '' });
  expect(await failureOf(open([server]).token)).toMatchObject({ code: 'nacos_credentials_refused' });
});

test('renews the token before it ends, and uses the old one meanwhile', async () => {
  const server = await startNacos();
  server.users.tokenTtl = 100;
  const { token, clock } = open([server]);
  await token.current();
  clock.ms = 79_000;
  expect(await token.current()).toBe('token-1');
  expect(server.requests).toHaveLength(1);
  clock.ms = 81_000;
  expect(await token.current()).toBe('token-1');
  await expect.poll(() => token.current()).toBe('token-2');
});

test('uses the token to its end while the server is away, and says afterwards that it is', async () => {
  const server = await startNacos();
  server.users.tokenTtl = 100;
  const { token, log, clock } = open([server]);
  await token.current();
  await server.stop();
  clock.ms = 99_000;
  expect(await token.current()).toBe('token-1');
  clock.ms = 101_000;
  expect(await failureOf(token)).toMatchObject({
    code: 'nacos_unreachable',
    message: expect.stringContaining(`user "lane"`),
  });
  expect(log.events).toEqual([]);
  await server.start();
  clock.ms += 500;
  expect(await token.current()).toBe('token-2');
});

test('asks the next member where one does not answer, and stays with the one that does', async () => {
  const [away, there] = [await startNacos(), await startNacos()];
  await away.stop();
  const { token, clock } = open([away, there]);
  expect(await token.current()).toBe('token-1');
  await away.start();
  clock.ms = 18_000_000;
  expect(await token.current()).toBe('token-2');
  expect(away.requests).toEqual([]);
});

test('backs off to 30 s on wrong credentials, with one warning that names server and user, and one line at the end', async () => {
  const server = await startNacos();
  server.users.passwords.set('lane', 'another');
  const { token, log, clock } = open([server]);
  const triedAt: number[] = [];
  for (clock.ms = 0; clock.ms <= 120_000; clock.ms += 100) {
    const before = server.requests.length;
    expect(await failureOf(token)).toMatchObject({ code: 'nacos_credentials_refused' });
    if (server.requests.length > before) triedAt.push(clock.ms / 1000);
  }
  expect(triedAt).toEqual([0, 1, 3, 7, 15, 31, 61, 91]);
  server.users.passwords.set('lane', SECRET);
  clock.ms = 121_100;
  await token.current();
  const { port } = server.address;
  expect(log.events).toEqual([
    {
      event: 'nacos_credentials_refused',
      fields: {
        registry: 'main',
        servers: [`127.0.0.1:${port}`],
        user: 'lane',
        problem: `Nacos server "main" (127.0.0.1:${port}) refuses user "lane": user or password is wrong (HTTP 403)`,
      },
    },
    { event: 'nacos_credentials_accepted', fields: expect.objectContaining({ user: 'lane' }) },
  ]);
});

test('logs in anew at once when the server refuses a token that has served', async () => {
  const server = await startNacos();
  const { token, clock } = open([server]);
  const first = await token.current();
  clock.ms = 60_000;
  token.refused(first);
  token.refused(first);
  expect(await token.current()).toBe('token-2');
});

test('does not log in again and again when the server refuses each token that it gives', async () => {
  const server = await startNacos();
  const { token, clock } = open([server]);
  for (clock.ms = 0; clock.ms <= 100_000; clock.ms += 100) {
    await token.current().then((given) => token.refused(given), String);
  }
  // At 0, 1, 3, 7, 15, 31, 61 and 91 s.
  expect(server.requests).toHaveLength(8);
  expect(await failureOf(token)).toMatchObject({
    message: 'Nacos server "main" refuses the token that it has given to user "lane"',
  });
});

test.each([
  ['refuses', { status: 403, body: `wrong password ${SECRET}` }],
  ['fails', { status: 500, body: `caused by: ${SECRET}` }],
  ['answers nonsense', { status: 200, body: `<html>${SECRET}</html>` }],
  ['speaks no HTTP', 'reset'],
] as const)('tells no password when the server %s', async (_, fault) => {
  const server = await startNacos();
  server.fault = () => fault;
  const { token, log } = open([server]);
  const error = await failureOf(token);
  expect(error).toBeInstanceOf(Error);
  expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain(
    'secret',
  );
  expect(JSON.stringify(log.events)).not.toContain('secret');
});

test('hands on why a server cannot log in anybody', async () => {
  const server = await startNacos();
  server.fault = () => ({
    status: 400,
    body: 'Bad Request\nThis combination of host and port requires TLS.\n',
  });
  expect(await failureOf(open([server]).token)).toMatchObject({
    code: 'nacos_refused',
    message: expect.stringContaining('HTTP 400: Bad Request This combination of host and port requires TLS.'),
  });
});

test('says that the password cannot be read', async () => {
  const server = await startNacos();
  const password = async (): Promise<string> => {
    throw new Error('no such file');
  };
  const { token } = open([server], { credentials: { username: 'lane', password } });
  expect(await failureOf(token)).toMatchObject({
    message: 'the password of user "lane" for Nacos server "main" cannot be read: no such file',
  });
});

test('speaks TLS, and to nobody whose certificate the given authority has not signed', async () => {
  const pair = makePair('nacos');
  const server = await startNacos({ tls: pair });
  expect(await open([server], { tls: { ca: pair.cert } }).token.current()).toBe('token-1');
  expect(await failureOf(open([server], { tls: { ca: makePair('other').cert } }).token)).toMatchObject({
    code: 'nacos_unreachable',
  });
  expect(server.requests).toHaveLength(1);
});

test('ends what is under way when it is closed, and says so afterwards', async () => {
  const server = await startNacos();
  server.fault = () => 'stall';
  const { token } = open([server]);
  const waiting = failureOf(token);
  await expect.poll(() => server.requests.length).toBe(1);
  token.close();
  expect(await waiting).toMatchObject({ code: 'nacos_closed' });
  expect(await failureOf(token)).toMatchObject({ code: 'nacos_closed' });
  await expect.poll(() => server.connections).toBe(0);
});
