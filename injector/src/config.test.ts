import { ConfigError } from '@lanekeeper/runtime/env';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const REQUIRED = {
  LANEKEEPER_INJECTOR_SOURCE: 'file',
  LANEKEEPER_INJECTOR_CERTIFICATE_FILE: '/tls/tls.crt',
  LANEKEEPER_INJECTOR_KEY_FILE: '/tls/tls.key',
  LANEKEEPER_INJECTOR_FACTS_FILE: '/facts.json',
  LANEKEEPER_INJECTOR_SIDECAR_IMAGE: 'registry.example:5000/lanekeeper/sidecar@sha256:00ff',
  LANEKEEPER_INJECTOR_REDIRECT_IMAGE: 'lanekeeper/redirect:0.1.0',
};

function problemsOf(source: Record<string, string>): readonly string[] {
  try {
    parseConfig(source);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('parseConfig', () => {
  it('needs certificates, facts and images, and has a default for the rest', () => {
    expect(parseConfig(REQUIRED)).toMatchObject({
      listen: { address: '0.0.0.0', port: 15443 },
      statusListen: { address: '0.0.0.0', port: 15020 },
      namespace: 'lanekeeper-system',
      template: { probes: 'rewrite', imagePullPolicy: undefined, tokenAudience: 'lanekeeper' },
    });
  });

  it('reports all mistakes together', () => {
    const problems = problemsOf({
      LANEKEEPER_INJECTOR_SOURCE: 'file',
      LANEKEEPER_INJECTOR_LISTEN: 'https',
      LANEKEEPER_INJECTOR_CPU_REQUEST: 'half',
      LANEKEEPER_INJECTOR_PROBES: 'yes',
      LANEKEEPER_INJECTOR_SIDECAR_IMGE: 'x',
    });
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringContaining('LANEKEEPER_INJECTOR_LISTEN: expected host:port'),
        expect.stringContaining('LANEKEEPER_INJECTOR_CPU_REQUEST: expected a quantity'),
        expect.stringContaining('LANEKEEPER_INJECTOR_PROBES: expected one of keep, rewrite'),
        expect.stringContaining('LANEKEEPER_INJECTOR_KEY_FILE: required'),
        expect.stringContaining('did you mean LANEKEEPER_INJECTOR_SIDECAR_IMAGE?'),
      ]),
    );
    expect(problems).toHaveLength(9);
  });

  it('takes the API server as its source, and names for its certificates from its namespace', () => {
    const { LANEKEEPER_INJECTOR_SIDECAR_IMAGE, LANEKEEPER_INJECTOR_REDIRECT_IMAGE } = REQUIRED;
    const images = { LANEKEEPER_INJECTOR_SIDECAR_IMAGE, LANEKEEPER_INJECTOR_REDIRECT_IMAGE };
    const config = parseConfig({ ...images, LANEKEEPER_INJECTOR_NAMESPACE: 'mesh' });
    expect(config).toMatchObject({
      discoveryAddress: 'lanekeeper-control-plane.mesh.svc:15010',
      source: {
        kind: 'kubernetes',
        certificates: 'self-signed',
        names: {
          webhook: [
            'lanekeeper-injector.mesh.svc',
            'lanekeeper-injector.mesh.svc.cluster.local',
            'lanekeeper-injector.mesh',
          ],
          discovery: expect.arrayContaining(['lanekeeper-control-plane.mesh.svc.cluster.local']),
        },
      },
    });
  });

  it('does not take files for an API server’s word', () => {
    const { LANEKEEPER_INJECTOR_SOURCE: _, ...rest } = REQUIRED;
    expect(problemsOf(rest).join()).toContain('LANEKEEPER_INJECTOR_FACTS_FILE: no such setting');
  });
});
