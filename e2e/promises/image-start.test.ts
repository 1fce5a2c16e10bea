import { describe, expect, it } from 'vitest';
import { productImages } from '../cluster/product-images.ts';
import { eventually } from './harness/eventually.ts';
import { useSpace } from './harness/space.ts';

/** A setting that each program must refuse. */
const WRONG: Readonly<Record<string, string>> = {
  sidecar: 'LANEKEEPER_LOG_LEVEL',
  redirect: 'LANEKEEPER_REDIRECT_IPV6',
  injector: 'LANEKEEPER_INJECTOR_LOG_LEVEL',
  'control-plane': 'LANEKEEPER_CONTROL_PLANE_LOG_LEVEL',
};

interface Ended {
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly state: { readonly terminated?: { exitCode: number } };
    }[];
  };
}

describe('an image', () => {
  const space = useSpace('image-start', 'none');

  it.each(productImages().map(({ name: image }) => image))(
    '%s starts as a user that is not root, writes nothing to its root, and says what is wrong with its settings',
    async (image) => {
      const name = /([^/]+):/.exec(image)?.[1] ?? '';
      const variable = WRONG[name] ?? '';
      await space.kubectl(
        'label',
        'namespace',
        space.name,
        'pod-security.kubernetes.io/enforce=restricted',
        '--overwrite',
      );
      await space.apply({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name },
        spec: {
          restartPolicy: 'Never',
          // The user is the image's own: the kubelet refuses one that is root, or has no number.
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [
            {
              name: 'program',
              image,
              imagePullPolicy: 'IfNotPresent',
              env: [{ name: variable, value: 'perhaps' }],
              securityContext: {
                allowPrivilegeEscalation: false,
                capabilities: { drop: ['ALL'] },
                readOnlyRootFilesystem: true,
              },
            },
          ],
        },
      });
      const exitCode = await eventually(async () => {
        const { status } = await space.get<Ended>('pod', name);
        const ended = status.containerStatuses?.[0]?.state.terminated;
        expect(ended, JSON.stringify(status)).toBeDefined();
        return ended?.exitCode;
      });
      const said = await space.kubectl('logs', name);
      expect({ exitCode, said }).toEqual({
        exitCode: 64,
        said: expect.stringMatching(new RegExp(`${variable} +expected .*"perhaps"`)) as string,
      });
    },
  );
});
