import { expect, test } from 'vitest';
import type { AccessToken } from '../access-token.ts';
import { NacosError } from '../nacos-error.ts';
import { refusal, type Fault, type SeenCall } from '../testing/grpc-nacos.ts';
import { openTestClient, service, soon, startGrpcNacos } from '../testing/grpc-client.ts';
import { host } from '../testing/grpc-services.ts';

const ECHO = service('echo');

/** Tokens `t1`, `t2`, …: a new one after each that was refused. */
function numberedTokens(): AccessToken & { readonly refusedTokens: (string | undefined)[] } {
  let at = 1;
  const refusedTokens: (string | undefined)[] = [];
  return {
    refusedTokens,
    current: async () => `t${at}`,
    refused(token) {
      refusedTokens.push(token);
      if (token === `t${at}`) at += 1;
    },
    close: () => undefined,
  };
}

const onlyToken =
  (token: string, words = 'token expired!') =>
  ({ type, headers }: SeenCall): Fault | undefined =>
    /^(?:Subscribe|Service)/.test(type) && headers.get('accessToken') !== token
      ? { body: refusal(403, words) }
      : undefined;

test('shows its token with what it asks about services, and with nothing else', async () => {
  const server = await startGrpcNacos();
  const { client, follow } = openTestClient([server], {}, { token: numberedTokens() });
  await client.query(ECHO);
  await client.listServices('g');
  const { told } = follow('echo');
  await soon(() => told).toEqual(['']);
  const shown = new Set(server.calls.map(({ type, headers }) => `${type} ${headers.get('accessToken')}`));
  expect([...shown].sort()).toEqual([
    'ConnectionSetupRequest undefined',
    'HealthCheckRequest undefined',
    'ServerCheckRequest undefined',
    'ServiceListRequest t1',
    'ServiceQueryRequest t1',
    'SubscribeServiceRequest t1',
  ]);
});

test('gets a new token when the server takes the old one no more, and asks again', async () => {
  const server = await startGrpcNacos();
  server.book.set(ECHO, [host('10.0.0.1')]);
  server.fault = onlyToken('t2');
  const token = numberedTokens();
  const { client, follow, log } = openTestClient([server], {}, { token });
  const { told } = follow('echo');
  expect(await client.query(ECHO)).toMatchObject({ instances: [{ ip: '10.0.0.1' }] });
  await soon(() => told).toEqual(['10.0.0.1']);
  expect(new Set(token.refusedTokens)).toEqual(new Set(['t1']));
  expect(log.events).toEqual([]);
});

test('keeps its token where the user may not read a service, follows the others, and says so once', async () => {
  const server = await startGrpcNacos();
  const forbidden: Fault = { body: refusal(403, 'authorization failed!') };
  server.fault = ({ body }) => (String(body['serviceName']).startsWith('secret') ? forbidden : undefined);
  const credentials = { username: 'lane', password: async () => 'SECRET' };
  const token = numberedTokens();
  const { client, follow, log } = openTestClient([server], { credentials }, { token });
  const [one, other, open] = [follow('secret-1'), follow('secret-2'), follow('echo')];
  await soon(() => open.told).toEqual(['']);
  await expect(client.query(service('secret-1'))).rejects.toMatchObject({ code: 'nacos_not_permitted' });
  await soon(() => server.callsOf('SubscribeServiceRequest').length).toBeGreaterThan(6);
  expect(token.refusedTokens).toEqual([]);
  expect(log.events).toEqual([
    {
      event: 'nacos_service_refused',
      fields: {
        ...{
          registry: 'main',
          user: 'lane',
          service: 'DEFAULT_GROUP@@secret-1',
          code: 'nacos_not_permitted',
        },
        problem: `Nacos server "main" at 127.0.0.1:${server.address.port} as user "lane": the server says: authorization failed! (403)`,
      },
    },
  ]);
  server.fault = () => undefined;
  await soon(() => [...one.told, ...other.told]).toEqual(['', '']);
  expect(log.events.at(-1)).toEqual({
    event: 'nacos_services_accepted',
    fields: { registry: 'main', user: 'lane' },
  });
});

test('is not connected while nobody gives it a token, says why, and leaves the line in the log to who asks for it', async () => {
  const server = await startGrpcNacos();
  const wrong = 'Nacos server "main" refuses user "lane": unknown user or wrong password';
  let isRight = false;
  const token: AccessToken = {
    ...numberedTokens(),
    current: async () => {
      if (isRight) return 't1';
      throw new NacosError('nacos_credentials_refused', wrong);
    },
  };
  const { client, follow, log } = openTestClient([server], {}, { token });
  const { told } = follow('echo');
  await expect(client.query(ECHO)).rejects.toMatchObject({
    code: 'nacos_credentials_refused',
    message: wrong,
  });
  expect(client.status()).toMatchObject({ state: 'connecting', problem: wrong });
  expect(server.calls).toEqual([]);
  isRight = true;
  await soon(() => told).toEqual(['']);
  expect(log.events).toEqual([]);
});

test('does not repeat a token that the server has put into its words', async () => {
  const server = await startGrpcNacos();
  server.fault = ({ type, headers }) =>
    type === 'ServiceQueryRequest' ? { body: refusal(500, `bad ${headers.get('accessToken')}`) } : undefined;
  const token = { ...numberedTokens(), current: async () => 'eyJhbGciOiJIUzI1NiJ9.secret' };
  const { client } = openTestClient([server], {}, { token });
  const error: unknown = await client.query(ECHO).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'nacos_refused' });
  expect(String(error)).not.toContain('eyJ');
});
