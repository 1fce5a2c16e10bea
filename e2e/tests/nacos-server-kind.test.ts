import { describe, expect, it } from 'vitest';
import { chooseServerKind, findEngine, type FindEngine } from '../nacos/server/server-kind.ts';

const none: FindEngine = () => Promise.reject(new Error('no socket'));

describe('what a Nacos server runs as', () => {
  it('is a process where no container engine answers, and says why', async () => {
    expect(await chooseServerKind(undefined, none)).toEqual({
      kind: 'process',
      why: 'no container engine answers (no socket)',
    });
    expect((await chooseServerKind('', none)).kind).toBe('process');
  });

  it('is a process without looking for an engine where that is asked for', async () => {
    const never: FindEngine = () => Promise.reject(new Error('looked'));
    expect((await chooseServerKind('process', never)).why).toBe('NACOS_E2E_SERVER asks for it');
  });

  it('is refused where a container is asked for and cannot be had, with what to do', async () => {
    await expect(chooseServerKind('container', none)).rejects.toThrow(
      'NACOS_E2E_SERVER=container needs a Docker engine that answers: no socket. Start one or name it in DOCKER_HOST; without it, unset NACOS_E2E_SERVER',
    );
  });

  it('is nothing that is not known', async () => {
    await expect(chooseServerKind('podman', none)).rejects.toThrow(
      'NACOS_E2E_SERVER is podman; expected container or process, or nothing',
    );
  });

  it('is what testcontainers finds on this machine', async () => {
    const answers = await findEngine().then(
      () => 'container',
      () => 'process',
    );
    expect((await chooseServerKind(undefined)).kind).toBe(answers);
  });
});
