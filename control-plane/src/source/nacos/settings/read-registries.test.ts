import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serverOptionsOf } from '../server-options-of.ts';
import { readRegistries } from './read-registries.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lanekeeper-nacos-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('names the file with each of its mistakes', async () => {
  await writeFile(at('nacos.yaml'), 'registries: [{}]');
  await expect(readRegistries(at('nacos.yaml'))).rejects.toThrow(
    `${at('nacos.yaml')} registries[0] (1:14): servers is missing`,
  );
  await expect(readRegistries(at('none.yaml'))).rejects.toThrow(`${at('none.yaml')}: expected a file`);
});

it('reads the password at each login, without the line end that an editor adds', async () => {
  await writeFile(at('password'), 'first\n');
  await writeFile(at('ca.crt'), 'PEM');
  await writeFile(
    at('nacos.yaml'),
    `registries: [{servers: [nacos], username: u, passwordFile: ${at('password')}, tls: {caFile: ${at('ca.crt')}}}]`,
  );
  const [registry] = await readRegistries(at('nacos.yaml'));
  if (registry === undefined) throw new Error('no registry');
  const { credentials, tls, namespace } = await serverOptionsOf(registry, 'ns');
  expect(namespace).toBe('ns');
  expect(tls).toEqual({ ca: 'PEM' });
  expect(await credentials?.password()).toBe('first');
  await writeFile(at('password'), 'second');
  expect(await credentials?.password()).toBe('second');
  await rm(at('ca.crt'));
  await expect(serverOptionsOf(registry, 'ns')).rejects.toThrow('registry nacos: tls.caFile cannot be read');
});
