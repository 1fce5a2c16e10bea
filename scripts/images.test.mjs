import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dockerfiles } from './images.mjs';
import { root } from './setup.mjs';

const script = join(root, 'scripts', 'images.mjs');

describe('npm run images', () => {
  let folder;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanekeeper-images-'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A program of that name which notes how it was called; `works` is what it says to "info". */
  function tool(name, { works = true, build = 0 } = {}) {
    const file = join(folder, name);
    const text = `#!/bin/sh\n[ "$1" = info ] && exit ${works ? 0 : 1}\necho "${name} $*" >> ${folder}/calls\nexit ${build}\n`;
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }

  function images(...args) {
    const env = { PATH: folder, npm_config_registry: 'https://registry.example' };
    return spawnSync(process.execPath, [script, ...args], { env: { ...env }, encoding: 'utf8' });
  }

  const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

  it('builds all four under the names that the chart asks for, with the first tool that works', () => {
    tool('docker', { works: false });
    tool('podman');
    tool('buildah');
    expect(images()).toMatchObject({ status: 0 });
    expect(calls()).toEqual(
      Object.entries(dockerfiles).map(
        ([program, dockerfile]) =>
          `podman build --file ${dockerfile} --tag docker.io/lanekeeper/${program}:0.1.0 --build-arg npm_config_registry=https://registry.example .`,
      ),
    );
  });

  it('pushes under a name of the user', () => {
    tool('docker');
    tool('buildah');
    const args = ['--tool', 'buildah', '--repository', 'registry.example/mesh', '--tag', 'dev', '--push'];
    expect(images(...args)).toMatchObject({ status: 0 });
    expect(calls().filter((call) => call.includes(' push '))).toEqual(
      Object.keys(dockerfiles).map((program) => `buildah push registry.example/mesh/${program}:dev`),
    );
  });

  it('stops at the first image that cannot be built', () => {
    tool('docker', { build: 3 });
    expect(images()).toMatchObject({ status: 1, stderr: expect.stringContaining('exit code 3') });
    expect(calls()).toHaveLength(1);
  });

  it('says which tools were tried when none works', () => {
    expect(images()).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('docker, podman, nerdctl, buildah'),
    });
  });

  it('takes a wrong option for bad usage', () => {
    expect(images('--tool', 'make')).toMatchObject({
      status: 64,
      stderr: expect.stringContaining('expected one of'),
    });
    expect(images('--tags')).toMatchObject({ status: 64 });
  });
});

describe.each(Object.entries(dockerfiles))('the Dockerfile of %s', (program, dockerfile) => {
  const text = readFileSync(join(root, dockerfile), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));

  it('starts the program with the flags that the build wrote for it', () => {
    const flags = JSON.parse(readFileSync(join(root, 'dist', program, 'node-flags.json'), 'utf8'));
    const [, entrypoint] = /^ENTRYPOINT (.*)$/m.exec(last);
    expect(JSON.parse(entrypoint)).toEqual(['node', ...flags, '/opt/lanekeeper/main.mjs']);
    expect(last).toContain(`COPY --from=build /src/dist/${program} /opt/lanekeeper/\n`);
  });

  it('runs as a user with a number, which is not root', () => {
    expect(last).toMatch(program === 'sidecar' ? /^USER 1337:1337$/m : /^USER 65532:65532$/m);
  });

  it('is made from public images only, which a user may replace', () => {
    const defaults = Object.fromEntries(
      [...text.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(defaults).toEqual({ NODE_IMAGE: 'node:24-bookworm-slim', BASE_IMAGE: 'debian:bookworm-slim' });
    expect([...text.matchAll(/^FROM (\S+)/gm)].map(([, from]) => from)).toEqual([
      '${NODE_IMAGE}',
      '${BASE_IMAGE}',
    ]);
  });
});

describe.each(['injector', 'control-plane'])('the Dockerfile of %s', (program) => {
  it('sizes the heap by the memory of its container', () => {
    const text = readFileSync(join(root, dockerfiles[program]), 'utf8');
    const [, options] = /^ENV .*NODE_OPTIONS=(\S+)$/m.exec(text);
    const [, percentage] = /^--max-old-space-size-percentage=(\d+)$/.exec(options);
    expect(Number(percentage)).toBeLessThanOrEqual(75);
  });
});

describe('what a Dockerfile may copy', () => {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');

  it('is all that the bundles are made of, and no secret that lies about', () => {
    expect(ignored).toContain('*');
    for (const needed of [
      'scripts',
      'protocol',
      'runtime',
      'mesh-file',
      'lint',
      'kubernetes',
      'nacos',
      'sidecar',
      'injector',
      'control-plane',
      'dist',
    ])
      expect(ignored).toContain(`!${needed}`);
    expect(ignored).not.toContain('!.git');
    expect(ignored).not.toContain('!.cache');
  });
});

it('the chart starts the gateway with the flags that the build wrote for it', () => {
  const flags = JSON.parse(readFileSync(join(root, 'dist/sidecar/gateway-node-flags.json'), 'utf8'));
  const text = readFileSync(join(root, 'helm/lanekeeper/templates/gateway/deployment.yaml'), 'utf8');
  const [, command] = /^ *command: (.*)$/m.exec(text);
  expect(JSON.parse(command.replaceAll("'", '"'))).toEqual(['node', ...flags, '/opt/lanekeeper/main.mjs']);
});
