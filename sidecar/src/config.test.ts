import { VARIABLES } from '@lanekeeper/protocol/variables';
import { ConfigError, type ConfigProblem, type EnvSource } from '@lanekeeper/runtime/env';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseConfig, redactConfig } from './config.ts';

function problemsOf(env: EnvSource): readonly ConfigProblem[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----';
const GATEWAY = { LANEKEEPER_ROLE: 'gateway', LANEKEEPER_GATEWAY_LISTEN: '0.0.0.0:80' };

test('an empty environment gives a sidecar on the ports of the contract', () => {
  const config = parseConfig({});
  expect(config.role).toBe('sidecar');
  expect(config.workload).toEqual({ app: '', namespace: 'default', lane: 'base', pod: '', zone: undefined });
  expect(config.listen).toEqual({
    outbound: [{ address: '127.0.0.1', port: 15001 }],
    inbound: [{ address: '0.0.0.0', port: 15006 }],
    gatewayHosts: [],
    gateway: [],
    admin: { address: '127.0.0.1', port: 15000 },
    status: { address: '0.0.0.0', port: 15020 },
  });
  expect(config.limits.maxHeadBytes).toBe(65_536);
  expect(config.detect.timeoutMs).toBe(100);
  expect(config.detect.tcpPorts.has(3306)).toBe(true);
  expect(config.detect.tcpPorts.has(5432)).toBe(false);
  expect(config.configFile).toBeUndefined();
});

test('every variable of the contract changes something', () => {
  const given: Record<keyof typeof VARIABLES, string> = {
    role: 'gateway',
    app: 'a',
    namespace: 'shop',
    lane: 'gray',
    pod: 'a-0',
    podAddress: '10.0.0.1',
    zone: 'z1',
    configFile: '',
    discoveryAddress: 'lanekeeper-control-plane.lanekeeper-system.svc:15010',
    discoveryCa: PEM,
    discoveryCaFile: '',
    discoveryTokenFile: '/run/token',
    discoveryWaitMs: '10',
    outboundListen: '127.0.0.1:1,[::1]:1',
    inboundListen: '127.0.0.1:2',
    gatewayListen: '127.0.0.1:3',
    gatewayHost: '127.0.0.2,::1',
    adminListen: '[::1]:4',
    statusListen: '127.0.0.1:5',
    appAddress: '127.0.0.1:8080',
    untaggedInbound: 'adopt',
    detectTimeoutMs: '11',
    tcpPorts: 'none',
    connectTimeoutMs: '12',
    headTimeoutMs: '13',
    idleTimeoutMs: '14',
    responseTimeoutMs: '15',
    drainDelayMs: '20',
    drainTimeoutMs: '16',
    maxHeadBytes: '2048',
    maxConnections: '17',
    hopCapacity: '18',
    accessLogSample: '0.5',
    logLevel: 'debug',
  };
  const names = Object.keys(given) as (keyof typeof VARIABLES)[];
  const env = Object.fromEntries(names.map((name) => [VARIABLES[name], given[name]]));
  expect(parseConfig({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel:4318' })).toEqual({
    role: 'gateway',
    workload: { app: 'a', namespace: 'shop', lane: 'gray', pod: 'a-0', zone: 'z1' },
    podAddress: '10.0.0.1',
    configFile: undefined,
    discovery: {
      address: { address: 'lanekeeper-control-plane.lanekeeper-system.svc', port: 15010 },
      ca: PEM,
      tokenFile: '/run/token',
      waitMs: 10,
    },
    listen: {
      outbound: [
        { address: '127.0.0.1', port: 1 },
        { address: '::1', port: 1 },
      ],
      inbound: [{ address: '127.0.0.1', port: 2 }],
      gateway: [{ address: '127.0.0.1', port: 3 }],
      gatewayHosts: ['127.0.0.2', '::1'],
      admin: { address: '::1', port: 4 },
      status: { address: '127.0.0.1', port: 5 },
    },
    appAddress: { address: '127.0.0.1', port: 8080 },
    untaggedInbound: 'adopt',
    probes: {},
    detect: { timeoutMs: 11, tcpPorts: new Set() },
    limits: {
      connectTimeoutMs: 12,
      headTimeoutMs: 13,
      idleTimeoutMs: 14,
      responseTimeoutMs: 15,
      drainDelayMs: 20,
      drainTimeoutMs: 16,
      maxHeadBytes: 2048,
      maxConnections: 17,
    },
    telemetry: { hopCapacity: 18, accessLogSample: 0.5, logLevel: 'debug', otlpEndpoint: 'http://otel:4318' },
  });
});

test('takes the mesh from a file or from the control plane, not from both', () => {
  const file = { LANEKEEPER_CONFIG_FILE: '/etc/lanekeeper/mesh.yaml' };
  const stream = { LANEKEEPER_DISCOVERY_ADDRESS: 'control-plane:15010' };
  expect(parseConfig(file)).toMatchObject({ configFile: '/etc/lanekeeper/mesh.yaml', discovery: undefined });
  expect(parseConfig(file).limits.drainDelayMs).toBe(0);
  expect(parseConfig(stream).limits.drainDelayMs).toBe(5_000);
  expect(parseConfig(stream).discovery).toEqual({
    address: { address: 'control-plane', port: 15010 },
    ca: undefined,
    tokenFile: '/var/run/secrets/lanekeeper.io/token',
    waitMs: 5_000,
  });
  expect(problemsOf({ ...file, ...stream })).toEqual([
    {
      path: 'LANEKEEPER_CONFIG_FILE',
      message: 'expected this or LANEKEEPER_DISCOVERY_ADDRESS, found both; unset one',
    },
  ]);
  expect(problemsOf({ ...stream, LANEKEEPER_DISCOVERY_CA: 'a path?' })).toHaveLength(1);
  const caFile = { ...stream, LANEKEEPER_DISCOVERY_CA_FILE: '/etc/lanekeeper/ca.crt' };
  expect(parseConfig(caFile).discovery?.caFile).toBe('/etc/lanekeeper/ca.crt');
  expect(problemsOf({ ...caFile, LANEKEEPER_DISCOVERY_CA: PEM })).toEqual([
    {
      path: 'LANEKEEPER_DISCOVERY_CA_FILE',
      message: 'expected this or LANEKEEPER_DISCOVERY_CA, found both; unset one',
    },
  ]);
});

test('reads the table of probes that the injector writes', () => {
  const table = { '/probe/app/readiness': { kind: 'tcp', port: 5432, timeoutMs: 1000 } };
  expect(parseConfig({ LANEKEEPER_PROBES: JSON.stringify(table) }).probes).toEqual(table);
  expect(problemsOf({ LANEKEEPER_PROBES: '{"/ready": {}}' })).toHaveLength(1);
});

test('a gateway listens at the edge only, and must be told where', () => {
  expect(parseConfig(GATEWAY).listen).toMatchObject({ outbound: [], inbound: [], gateway: [{ port: 80 }] });
  expect(problemsOf({ LANEKEEPER_ROLE: 'gateway' })).toEqual([
    {
      path: 'LANEKEEPER_GATEWAY_LISTEN',
      message:
        'required when LANEKEEPER_ROLE is gateway and LANEKEEPER_DISCOVERY_ADDRESS is not set, for example 0.0.0.0:80',
    },
  ]);
  expect(problemsOf({ LANEKEEPER_GATEWAY_LISTEN: '0.0.0.0:80' })).toHaveLength(1);
  const told = { LANEKEEPER_ROLE: 'gateway', LANEKEEPER_DISCOVERY_ADDRESS: 'control-plane:15010' };
  expect(parseConfig(told).listen).toMatchObject({ gateway: [], gatewayHosts: ['0.0.0.0'] });
});

test('refuses an admin address that others could reach', () => {
  expect(problemsOf({ LANEKEEPER_ADMIN_LISTEN: '0.0.0.0:15000' })).toEqual([
    {
      path: 'LANEKEEPER_ADMIN_LISTEN',
      message: 'expected a loopback address, for it is not protected; found 0.0.0.0:15000',
    },
  ]);
});

test('refuses two listeners on one address, port 0 excepted', () => {
  const taken = { LANEKEEPER_INBOUND_LISTEN: '127.0.0.1:15001' };
  expect(problemsOf(taken)).toEqual([
    {
      path: 'LANEKEEPER_INBOUND_LISTEN',
      message: '127.0.0.1:15001 is already taken by LANEKEEPER_OUTBOUND_LISTEN',
    },
  ]);
  const any = '127.0.0.1:0';
  expect(
    problemsOf({
      LANEKEEPER_INBOUND_LISTEN: any,
      LANEKEEPER_OUTBOUND_LISTEN: any,
      LANEKEEPER_ADMIN_LISTEN: any,
    }),
  ).toEqual([]);
});

test('reports all mistakes at once, a misspelt name with the nearest one', () => {
  const problems = problemsOf({
    LANEKEEPER_ROLE: 'side-car',
    LANEKEEPER_LANE: 'Gray_1',
    LANEKEEPER_POD_IP: '10.0.0',
    LANEKEEPER_MAX_HEAD_BYTES: '64k',
    LANEKEEPER_OUTBOUND_LISTENER: '127.0.0.1:1',
    LANEKEEPER_LOG_LEVEL: 'trace',
    PATH: '/bin',
  });
  expect(problems.map(({ path }) => path).toSorted()).toEqual([
    'LANEKEEPER_LANE',
    'LANEKEEPER_LOG_LEVEL',
    'LANEKEEPER_MAX_HEAD_BYTES',
    'LANEKEEPER_OUTBOUND_LISTENER',
    'LANEKEEPER_POD_IP',
    'LANEKEEPER_ROLE',
  ]);
  expect(problems.at(-1)?.message).toBe('no such setting; did you mean LANEKEEPER_OUTBOUND_LISTEN?');
});

test('gives a configuration or every problem, whatever the values are', () => {
  const names = fc.constantFrom(...Object.values(VARIABLES), 'OTEL_EXPORTER_OTLP_ENDPOINT', 'LANEKEEPER_X');
  const values = fc.oneof(
    fc.string(),
    fc.constantFrom('none', '0', '-1', '::', '[::1]:0', 'gateway', 'http://['),
  );
  fc.assert(
    fc.property(fc.dictionary(names, values), (env) => {
      const problems = problemsOf(env);
      expect(problems.every(({ path }) => path.startsWith('LANEKEEPER_') || path.startsWith('OTEL_'))).toBe(
        true,
      );
      if (problems.length === 0) expect(() => JSON.stringify(redactConfig(parseConfig(env)))).not.toThrow();
    }),
  );
});

test('is frozen through and through', () => {
  const config = parseConfig({});
  expect([config, config.limits, config.listen.outbound, config.workload].every(Object.isFrozen)).toBe(true);
});

test('shows itself as JSON without credentials', () => {
  const config = parseConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://me:hunter2@otel:4318/v1?key=s3cret' });
  const shown = JSON.stringify(redactConfig(config));
  expect(shown).not.toMatch(/hunter2|s3cret|"me"/);
  expect(JSON.parse(shown)).toMatchObject({
    detect: { tcpPorts: [21, 22, 25, 110, 143, 587, 3306, 4222, 9848, 9849] },
    telemetry: { otlpEndpoint: 'https://redacted:redacted@otel:4318/v1?redacted' },
  });
});
