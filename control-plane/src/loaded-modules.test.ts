import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('./testdata/print-loaded-modules.ts', import.meta.url));
const CLUSTER = /\/kubernetes\/src\/|@kubernetes|\/source\/kubernetes\//;
const NACOS = /\/nacos\/src\/|node_modules\/nacos\/|\/source\/nacos\/.*(?<!registry)\.ts$/;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-loaded-'));
  writeFileSync(join(folder, 'mesh.yaml'), 'services: []');
  writeFileSync(join(folder, 'nacos.yaml'), 'registries: [{servers: ["127.0.0.1:1"]}]');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a control plane with these settings has loaded. */
function loaded(settings: Readonly<Record<string, string>>): readonly string[] {
  const own = Object.entries({
    AUTHENTICATION: 'none',
    LISTEN: '127.0.0.1:0',
    LOG_LEVEL: 'error',
    ...settings,
  });
  const env = Object.fromEntries(own.map(([name, value]) => [`LANEKEEPER_CONTROL_PLANE_${name}`, value]));
  const text = execFileSync(process.execPath, [PROGRAM], { env, encoding: 'utf8' });
  return text.split('\n');
}

describe('of what is not configured nothing is loaded', () => {
  it('with a file: neither the client of an API server nor that of Nacos', () => {
    const modules = loaded({ SOURCE: 'file', MESH_FILE: join(folder, 'mesh.yaml') });
    expect(modules.filter((url) => url.includes('/source/file/'))).not.toEqual([]);
    expect(modules.filter((url) => CLUSTER.test(url) || NACOS.test(url))).toEqual([]);
  });

  it('with Nacos: nothing of an API server, nor the package that configurations need', () => {
    const modules = loaded({ SOURCE: 'nacos', NACOS_FILE: join(folder, 'nacos.yaml') });
    expect(modules.filter((url) => NACOS.test(url))).not.toEqual([]);
    expect(modules.filter((url) => CLUSTER.test(url) || url.includes('node_modules/nacos/'))).toEqual([]);
  });
});
