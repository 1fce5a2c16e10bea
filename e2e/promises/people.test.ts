import { describe, expect, it } from 'vitest';
import { tryKubectl } from './harness/kubectl.ts';
import { useSpace } from './harness/space.ts';

const MAY = {
  see: [
    'get pods',
    'watch deployments.apps',
    'list services',
    'list endpointslices.discovery.k8s.io',
    'list events',
  ],
  change: [
    'patch deployments.apps',
    'patch statefulsets.apps',
    'patch deployments.apps/scale',
    'create pods/portforward',
  ],
  neither: ['get secrets', 'create pods/exec', 'delete deployments.apps', 'create pods', 'patch namespaces'],
};

describe('people who are given a role of ours in their namespace', () => {
  const space = useSpace('people', 'none');

  space.setUp(async () => {
    for (const role of ['viewer', 'operator'])
      await space.kubectl(
        'create',
        'rolebinding',
        role,
        `--clusterrole=lanekeeper-lane-${role}`,
        `--user=${role}`,
      );
    // Those who had Kubernetes' own role before the chart came.
    await space.kubectl('create', 'rolebinding', 'reader', '--clusterrole=view', '--user=reader');
  });

  /** `asked`: a verb and a resource, `create pods/portforward`. */
  const may = async (user: string, asked: string, place = space.name): Promise<boolean> => {
    const [, verb = '', resource = '', sub = ''] = /^(\S+) ([^/]+)\/?(.*)$/.exec(asked) ?? [];
    const what = [verb, resource, `--subresource=${sub}`, `--as=${user}`, '--namespace', place];
    const { stdout } = await tryKubectl(['auth', 'can-i', ...what]);
    return stdout.trim() === 'yes';
  };
  const each = async (user: string, asked: readonly string[]): Promise<readonly boolean[]> =>
    Promise.all(asked.map((one) => may(user, one)));

  it('see as viewers what is in which lane, and change nothing', async () => {
    expect(await each('viewer', MAY.see)).toEqual(MAY.see.map(() => true));
    expect(await each('viewer', [...MAY.change, ...MAY.neither])).not.toContain(true);
  });

  it('put workloads into lanes as operators, and do no more', async () => {
    expect(await each('operator', [...MAY.see, ...MAY.change])).not.toContain(false);
    expect(await each('operator', MAY.neither)).not.toContain(true);
  });

  it('may do nothing elsewhere', async () => {
    expect(await may('operator', 'patch deployments.apps', 'default')).toBe(false);
    expect(await may('viewer', 'get pods', 'kube-system')).toBe(false);
  });

  it('see as much by Kubernetes’ own role view', async () => {
    expect(await each('reader', MAY.see)).not.toContain(false);
    expect(
      await each('reader', ['get secrets', 'create pods/portforward', 'patch deployments.apps']),
    ).not.toContain(true);
  });
});
