import { ConfigError, type EnvSource } from '@lanekeeper/runtime/env';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const IN_CLUSTER = {
  KUBERNETES_SERVICE_HOST: '10.96.0.1',
  LANEKEEPER_CONTROL_PLANE_POD: 'lanekeeper-control-plane-0',
  LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE: '/tls/tls.crt',
  LANEKEEPER_CONTROL_PLANE_KEY_FILE: '/tls/tls.key',
};
const OF_A_FILE = {
  LANEKEEPER_CONTROL_PLANE_SOURCE: 'file',
  LANEKEEPER_CONTROL_PLANE_MESH_FILE: '/mesh.yaml',
  LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'none',
  LANEKEEPER_CONTROL_PLANE_LISTEN: '127.0.0.1:15010',
};

function problemsOf(source: EnvSource): readonly string[] {
  try {
    parseConfig(source);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
}

describe('the settings of a control plane', () => {
  it('in a cluster need its pod and its certificate', () => {
    expect(parseConfig(IN_CLUSTER)).toMatchObject({
      listen: { address: '0.0.0.0', port: 15010 },
      statusListen: { address: '0.0.0.0', port: 15020 },
      sources: { kubernetes: { namespace: 'lanekeeper-system' }, nacos: undefined, file: undefined },
      authentication: { kind: 'token', audience: 'lanekeeper' },
      certificate: { certificateFile: '/tls/tls.crt', pollMs: 10_000 },
      clusterDomain: 'cluster.local',
    });
    expect(problemsOf({})).toEqual([
      'LANEKEEPER_CONTROL_PLANE_POD: required: the name of this pod',
      'LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE: required with source kubernetes: tokens travel over TLS only',
    ]);
  });

  it('for a mesh file need loopback, and the word that nobody is asked for a token', () => {
    expect(parseConfig(OF_A_FILE)).toMatchObject({
      sources: { kubernetes: undefined, file: { path: '/mesh.yaml' } },
      authentication: { kind: 'none' },
    });
    expect(problemsOf({ ...OF_A_FILE, LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: undefined })).toEqual([
      'LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: expected static (tokens in a file) or none (loopback only) without source kubernetes: there is no API server to review tokens',
    ]);
    expect(problemsOf({ ...OF_A_FILE, LANEKEEPER_CONTROL_PLANE_LISTEN: '0.0.0.0:15010' })).toEqual([
      'LANEKEEPER_CONTROL_PLANE_LISTEN: expected a loopback address without authentication, found 0.0.0.0:15010',
    ]);
    expect(problemsOf({ ...OF_A_FILE, LANEKEEPER_CONTROL_PLANE_MESH_FILE: '' })).toEqual([
      'LANEKEEPER_CONTROL_PLANE_MESH_FILE: required: the path of a mesh file',
    ]);
  });

  it('name several sources, each with its own', () => {
    const all = {
      ...IN_CLUSTER,
      LANEKEEPER_CONTROL_PLANE_SOURCE: 'kubernetes, nacos,file',
      LANEKEEPER_CONTROL_PLANE_NACOS_FILE: '/nacos.yaml',
      LANEKEEPER_CONTROL_PLANE_MESH_FILE: '/mesh.yaml',
    };
    expect(parseConfig(all).sources).toMatchObject({
      kubernetes: { pod: 'lanekeeper-control-plane-0' },
      nacos: { path: '/nacos.yaml' },
      file: { path: '/mesh.yaml' },
    });
    expect(
      problemsOf({
        LANEKEEPER_CONTROL_PLANE_SOURCE: 'nacos,file,file',
        LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'none',
      }),
    ).toEqual([
      'LANEKEEPER_CONTROL_PLANE_SOURCE: file stands there twice; keep one',
      'LANEKEEPER_CONTROL_PLANE_NACOS_FILE: required: the path of a file of Nacos registries',
      'LANEKEEPER_CONTROL_PLANE_MESH_FILE: required: the path of a mesh file',
      'LANEKEEPER_CONTROL_PLANE_LISTEN: expected a loopback address without authentication, found 0.0.0.0:15010',
    ]);
    for (const found of ['consul', 'none', 'file,']) {
      expect(problemsOf({ ...OF_A_FILE, LANEKEEPER_CONTROL_PLANE_SOURCE: found })[0]).toBe(
        `LANEKEEPER_CONTROL_PLANE_SOURCE: expected a comma-separated list of kubernetes, nacos, file, found "${found}"`,
      );
    }
  });

  it('refuse a file that nothing would read', () => {
    expect(
      problemsOf({
        ...IN_CLUSTER,
        LANEKEEPER_CONTROL_PLANE_NACOS_FILE: '/nacos.yaml',
        LANEKEEPER_CONTROL_PLANE_TOKENS_FILE: '/tokens.yaml',
      }),
    ).toEqual([
      'LANEKEEPER_CONTROL_PLANE_NACOS_FILE: is of use with source nacos only',
      'LANEKEEPER_CONTROL_PLANE_TOKENS_FILE: is of use with authentication static only',
    ]);
  });

  it('with static tokens need their file, and TLS unless only this machine can reach it', () => {
    const source = {
      LANEKEEPER_CONTROL_PLANE_SOURCE: 'file',
      LANEKEEPER_CONTROL_PLANE_MESH_FILE: '/mesh.yaml',
      LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'static',
    };
    expect(problemsOf(source)).toEqual([
      'LANEKEEPER_CONTROL_PLANE_TOKENS_FILE: required: the path of a tokens file',
      'LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE: required: tokens travel over TLS only, unless LISTEN is a loopback address, found 0.0.0.0:15010',
    ]);
    const tokens = { ...source, LANEKEEPER_CONTROL_PLANE_TOKENS_FILE: '/tokens.yaml' };
    const { LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE, LANEKEEPER_CONTROL_PLANE_KEY_FILE } = IN_CLUSTER;
    const tls = { LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE, LANEKEEPER_CONTROL_PLANE_KEY_FILE };
    expect(parseConfig({ ...tokens, ...tls }).authentication).toEqual({
      kind: 'static',
      path: '/tokens.yaml',
    });
    expect(problemsOf({ ...tokens, LANEKEEPER_CONTROL_PLANE_LISTEN: '127.0.0.1:15010' })).toEqual([]);
    const { LANEKEEPER_CONTROL_PLANE_TOKENS_FILE, LANEKEEPER_CONTROL_PLANE_AUTHENTICATION } = tokens;
    const inCluster = { LANEKEEPER_CONTROL_PLANE_TOKENS_FILE, LANEKEEPER_CONTROL_PLANE_AUTHENTICATION };
    expect(parseConfig({ ...IN_CLUSTER, ...inCluster })).toMatchObject({
      sources: { kubernetes: {} },
      authentication: { kind: 'static' },
    });
  });

  it('name the service account of gateways, in a cluster only', () => {
    const name = 'LANEKEEPER_CONTROL_PLANE_GATEWAY_ACCOUNT';
    const { sources } = parseConfig({ ...IN_CLUSTER, [name]: 'lanekeeper-system/lanekeeper-gateway' });
    expect(sources.kubernetes?.gatewayAccount).toBe('lanekeeper-system/lanekeeper-gateway');
    expect(problemsOf({ ...IN_CLUSTER, [name]: 'lanekeeper-gateway' })[0]).toContain(
      `${name}: expected a service account as namespace/name`,
    );
    expect(problemsOf({ ...OF_A_FILE, [name]: 'a/b' })).toEqual([
      `${name}: is of use with source kubernetes only; tokens of a file say role: gateway`,
    ]);
  });

  it('cannot switch the tokens of a cluster off', () => {
    expect(problemsOf({ ...IN_CLUSTER, LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: 'none' })).toContain(
      'LANEKEEPER_CONTROL_PLANE_AUTHENTICATION: expected token or static with source kubernetes',
    );
  });

  it('name half a certificate and what is misspelt', () => {
    const source = {
      ...IN_CLUSTER,
      LANEKEEPER_CONTROL_PLANE_KEY_FILE: '',
      LANEKEEPER_CONTROL_PLANE_LISTN: 'x',
    };
    expect(problemsOf(source)).toEqual([
      'LANEKEEPER_CONTROL_PLANE_KEY_FILE: required where there is a certificate',
      'LANEKEEPER_CONTROL_PLANE_CERTIFICATE_FILE: required with source kubernetes: tokens travel over TLS only',
      'LANEKEEPER_CONTROL_PLANE_LISTN: no such setting; did you mean LANEKEEPER_CONTROL_PLANE_LISTEN?',
    ]);
  });

  it('do not mind the variables that Kubernetes makes for Services', () => {
    expect(problemsOf({ ...IN_CLUSTER, LANEKEEPER_CONTROL_PLANE_SERVICE_HOST: '10.96.0.7' })).toEqual([]);
    expect(problemsOf({ ...IN_CLUSTER, LANEKEEPER_CONTROL_PLANE_PORT: 'tcp://10.96.0.7:15010' })).toEqual([]);
  });
});
