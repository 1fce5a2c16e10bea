import { expect, onTestFinished, test } from 'vitest';
import type { AccessToken } from '../access-token.ts';
import { HttpNacos } from '../testing/http-nacos.ts';
import { createNacosApi, type ApiRequest, type NacosApi } from './nacos-api.ts';

const ASK: ApiRequest = {
  ...{ method: 'GET', path: '/v1/ns/service/list', timeoutMs: 5_000, wish: 'list services' },
  query: { pageNo: '1', pageSize: '1', groupName: 'G' },
};

/** Gives `token-1`, `token-2` and so on, the next one after each refusal. */
function countingToken(): AccessToken & { readonly refusals: string[] } {
  const refusals: string[] = [];
  return {
    refusals,
    current: async () => `token-${refusals.length + 1}`,
    refused: (token) => void refusals.push(String(token)),
    close: () => undefined,
  };
}

interface Opened {
  readonly api: NacosApi;
  readonly token: ReturnType<typeof countingToken>;
  readonly clock: { ms: number };
}

function open(servers: readonly HttpNacos[]): Opened {
  const token = countingToken();
  const clock = { ms: 0 };
  const api = createNacosApi(
    {
      ...{ name: 'main', contextPath: '/nacos', tls: undefined },
      servers: servers.map(({ address }) => address),
    },
    { token, maxConnections: 4, now: () => clock.ms },
  );
  onTestFinished(() => api.close());
  return { api, token, clock };
}

async function startNacos(): Promise<HttpNacos> {
  const server = await new HttpNacos().start();
  onTestFinished(() => server.stop());
  return server;
}

const tokensSeen = ({ requests }: HttpNacos): (string | null)[] =>
  requests.map(({ params }) => params.get('accessToken'));

test('asks again with a new token where the server refuses one that has served', async () => {
  const server = await startNacos();
  const { api, token, clock } = open([server]);
  await api.request(ASK);
  clock.ms = 11_000;
  server.fault = ({ params }) =>
    params.get('accessToken') === 'token-1' ? { status: 403, body: '' } : undefined;
  expect((await api.request(ASK)).status).toBe(200);
  expect(token.refusals).toEqual(['token-1']);
  expect(tokensSeen(server)).toEqual(['token-1', 'token-1', 'token-2']);
});

test('takes the refusal of a fresh token for a want of rights', async () => {
  const server = await startNacos();
  server.fault = () => ({ status: 403, body: '{"message":"authorization failed!"}' });
  const { api, token } = open([server]);
  await expect(api.request(ASK)).rejects.toMatchObject({
    code: 'nacos_not_permitted',
    message: expect.stringMatching(/was asked to list services and answers HTTP 403: authorization failed!/),
  });
  expect(token.refusals).toEqual([]);
});

test('logs in once a minute at most for a want of rights', async () => {
  const server = await startNacos();
  const { api, token, clock } = open([server]);
  server.fault = () => ({ status: 403, body: '' });
  for (clock.ms = 0; clock.ms < 200_000; clock.ms += 1000) {
    await expect(api.request(ASK)).rejects.toMatchObject({ code: 'nacos_not_permitted' });
  }
  expect(token.refusals).toHaveLength(4);
});

test('asks each member once, the one that answered last first', async () => {
  const servers = [await startNacos(), await startNacos(), await startNacos()];
  const [first, second, third] = servers;
  if (first === undefined || second === undefined || third === undefined)
    throw new Error('three were started');
  first.fault = () => ({ status: 503, body: 'server is STARTING now' });
  second.fault = () => 'reset';
  const { api } = open(servers);
  await api.request(ASK);
  expect(api.member()).toBe(`127.0.0.1:${third.address.port}`);
  await api.request(ASK);
  expect(servers.map(({ requests }) => requests.length)).toEqual([1, 1, 2]);
  third.fault = () => ({ status: 502, body: '<html>Bad gateway</html>' });
  const { length } = servers.flatMap(({ requests }) => requests);
  await expect(api.request(ASK)).rejects.toMatchObject({ code: 'nacos_unreachable' });
  expect(servers.flatMap(({ requests }) => requests)).toHaveLength(length + 3);
});

test('goes to no other member with what one of them has refused', async () => {
  const [first, second] = [await startNacos(), await startNacos()];
  first.fault = () => ({ status: 400, body: "caused: Param 'serviceName' is required.;" });
  const { api } = open([first, second]);
  await expect(api.request(ASK)).rejects.toMatchObject({
    code: 'nacos_refused',
    message: expect.stringContaining("answers HTTP 400: caused: Param 'serviceName' is required.;"),
  });
  expect(second.requests).toEqual([]);
});

test('asks again over a new connection where the server has closed the one that was kept', async () => {
  const server = await startNacos();
  const { api } = open([server]);
  await api.request(ASK);
  let resets = 0;
  server.fault = () => (resets++ === 0 ? 'reset' : undefined);
  expect((await api.request(ASK)).status).toBe(200);
  expect(resets).toBe(2);
});

test('gives up a server that hangs after the given time, and says so', async () => {
  const server = await startNacos();
  server.fault = () => 'stall';
  const { api } = open([server]);
  await expect(api.request({ ...ASK, timeoutMs: 50 })).rejects.toMatchObject({
    code: 'nacos_timeout',
    message: `Nacos server "main" does not answer: 127.0.0.1:${server.address.port} has not answered within 50 ms`,
  });
});

test.each([
  ['a query', 'no: accessToken=token-1&password=a-secret'],
  ['JSON', '{"message":"no: {\\"accessToken\\":\\"token-1\\",\\"password\\": \\"a-secret\\"}"}'],
])('repeats no secret that the server repeats as %s', async (_, body) => {
  const server = await startNacos();
  server.fault = () => ({ status: 500, body });
  const error: unknown = await open([server])
    .api.request(ASK)
    .catch((failure: unknown) => failure);
  expect(error).toMatchObject({ code: 'nacos_refused', message: expect.stringContaining('no: ') });
  expect(String(error)).not.toMatch(/token-1|a-secret/);
});

test('repeats no page for browsers, and no more than a line', async () => {
  const server = await startNacos();
  const { api } = open([server]);
  server.fault = () => ({ status: 500, body: `<html><pre>${'x'.repeat(9000)}</pre></html>` });
  await expect(api.request(ASK)).rejects.toThrow(/answers HTTP 500$/);
  server.fault = () => ({ status: 500, body: `caused:\n  ${'x'.repeat(9000)}` });
  await expect(api.request(ASK)).rejects.toThrow(/answers HTTP 500: caused: x{192}…$/);
});
