import type { ServerOptions } from '@lanekeeper/nacos/server-options';
import { HttpNacos } from '@lanekeeper/nacos/testing/http-nacos';
import { serverOptions } from '@lanekeeper/nacos/testing/server-options';
import { createRecordingLog } from '@lanekeeper/runtime/testing/recording-log';
import { expect, onTestFinished, test } from 'vitest';
import { RegistryLogins } from './registry-logins.ts';

const LOGIN = '/v1/auth/login';

async function startNacos(): Promise<HttpNacos> {
  const server = await new HttpNacos().start();
  server.users.passwords.set('lane', 'right');
  onTestFinished(() => server.stop());
  return server;
}

function optionsFor(server: HttpNacos, name: string, password = 'right'): ServerOptions {
  return {
    ...serverOptions([server]),
    ...{ name, credentials: { username: 'lane', password: async () => password } },
  };
}

function open(): { readonly logins: RegistryLogins; readonly log: ReturnType<typeof createRecordingLog> } {
  const log = createRecordingLog();
  const logins = new RegistryLogins(log);
  onTestFinished(() => logins.close());
  return { logins, log };
}

const logInsAt = (server: HttpNacos): number => server.requests.filter(({ path }) => path === LOGIN).length;

test('logs in once for the clients of all namespaces of a registry', async () => {
  const server = await startNacos();
  const { logins } = open();
  const one = logins.of({ ...optionsFor(server, 'main'), namespace: 'dev' });
  const other = logins.of({ ...optionsFor(server, 'main'), namespace: 'prod' });
  expect(await one.current()).toBe(await other.current());
  expect(logInsAt(server)).toBe(1);
});

test('tries and warns of a wrong password once, whoever asks for a token', async () => {
  const server = await startNacos();
  const { logins, log } = open();
  const wrong = optionsFor(server, 'main', 'wrong');
  await expect(logins.of(wrong).current()).rejects.toThrow('lane');
  await expect(logins.of({ ...wrong, namespace: 'dev' }).current()).rejects.toThrow('lane');
  expect(logInsAt(server)).toBe(1);
  expect(log.events.filter(({ event }) => event === 'nacos_credentials_refused')).toHaveLength(1);
});

test('gives no registry the token of another one', async () => {
  const server = await startNacos();
  const { logins } = open();
  const main = await logins.of(optionsFor(server, 'main')).current();
  expect(await logins.of(optionsFor(server, 'second')).current()).not.toBe(main);
});
