import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../harness/free-port.ts';
import { startProcess, type RunningProcess } from '../harness/process.ts';
import { forwardTo, listenerOf, startGateway } from '../harness/gateway-process.ts';
import { startSidecar } from '../harness/sidecar-process.ts';
import { untilListening } from '../harness/until-listening.ts';
import { BENCH_HOST, benchMesh, type Origin } from './bench-mesh.ts';

/** A proxy in front of the origin, on a core of its own. */
export interface Contender {
  readonly name: string;
  start(origin: Origin, core: number): Promise<RunningContender>;
}

export interface RunningContender {
  readonly process: RunningProcess;
  readonly http1: string;
  /** Undefined: does not relay cleartext HTTP/2. */
  readonly http2: string | undefined;
  stop(): Promise<void>;
}

const HTTP_PROXY_3 = fileURLToPath(new URL('./http-proxy-3.ts', import.meta.url));

export const contenders: readonly Contender[] = [
  { name: 'nginx', start: startNginx },
  { name: 'haproxy', start: startHaproxy },
  { name: 'http-proxy-3', start: startHttpProxy3 },
  { name: 'lanekeeper', start: startLanekeeper },
  { name: 'gateway', start: (origin, core) => startEdge(origin, core, 'http2') },
  // HTTP/2 of its clients becomes HTTP/1 to the origin, as with browsers and plain backends.
  { name: 'gateway-bridge', start: (origin, core) => startEdge(origin, core, 'http') },
];

function pinned(core: number, command: readonly string[]): { command: string; args: string[] } {
  return { command: 'taskset', args: ['-c', String(core), ...command] };
}

async function startNginx(origin: Origin, core: number): Promise<RunningContender> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-nginx-'));
  const [http1, http2] = [await freePort(), await freePort()];
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  keepalive_requests 100000000; http2_max_requests 100000000;
  upstream h1 { server 127.0.0.1:${origin.http1}; keepalive 128; keepalive_requests 100000000; }
  upstream h2 { server 127.0.0.1:${origin.http2}; keepalive 128; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${http1}; location / { proxy_pass http://h1; proxy_http_version 1.1; proxy_set_header Connection ""; } }
  server { listen 127.0.0.1:${http2} http2; location / { grpc_pass grpc://h2; } }
}
`,
  );
  const running = await startProcess(pinned(core, ['nginx', '-c', file]));
  await untilListening(http2);
  return contender(running, { http1, http2 }, folder);
}

async function startHaproxy(origin: Origin, core: number): Promise<RunningContender> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-haproxy-'));
  const [http1, http2] = [await freePort(), await freePort()];
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
frontend h1
  bind 127.0.0.1:${http1}
  default_backend h1
backend h1
  server s 127.0.0.1:${origin.http1}
frontend h2
  bind 127.0.0.1:${http2} proto h2
  default_backend h2
backend h2
  server s 127.0.0.1:${origin.http2} proto h2
`,
  );
  const running = await startProcess(pinned(core, ['haproxy', '-db', '-f', file]));
  await untilListening(http2);
  return contender(running, { http1, http2 }, folder);
}

async function startHttpProxy3(origin: Origin, core: number): Promise<RunningContender> {
  const http1 = await freePort();
  const program = [process.execPath, HTTP_PROXY_3, String(http1), String(origin.http1)];
  const running = await startProcess({ ...pinned(core, program), ready: /listening/ });
  return contender(running, { http1, http2: undefined }, undefined);
}

async function startLanekeeper(origin: Origin, core: number): Promise<RunningContender> {
  const [http1, http2] = [await freePort(), await freePort()];
  const running = await startSidecar({
    prefix: ['taskset', '-c', String(core)],
    variables: {
      outboundListen: `127.0.0.1:${http1},127.0.0.1:${http2}`,
      accessLogSample: '0',
    },
    mesh: benchMesh(origin),
    meshFormat: 'json',
  });
  return {
    process: running,
    http1: `http://127.0.0.1:${http1}/`,
    http2: `http://127.0.0.1:${http2}/`,
    stop: async () => {
      await running.stop();
    },
  };
}

/** The edge role: one of 100 hosts, each with ten rules; the last is for every path. */
async function startEdge(origin: Origin, core: number, behind: 'http' | 'http2'): Promise<RunningContender> {
  const [http1, http2] = [await freePort(), await freePort()];
  const at = (port: number) => ({ address: '127.0.0.1', port });
  const edge = await startGateway({
    apps: { one: at(origin.http1), two: at(origin.http2) },
    prefix: ['taskset', '-c', String(core)],
    variables: { accessLogSample: '0' },
  });
  const rulesTo = (service: string, protocol: 'http' | 'http2') => [
    ...Array.from({ length: 9 }, (_, index) =>
      forwardTo(service, { protocol, match: { path: { prefix: `/part-${index}` } } }),
    ),
    forwardTo(service, { protocol }),
  ];
  const hostsOf = (service: string, protocol: 'http' | 'http2') =>
    Array.from({ length: 100 }, (_, index) => ({
      host: index === 50 ? BENCH_HOST : `host-${index}.test`,
      rules: rulesTo(service, protocol),
    }));
  await edge.apply([
    listenerOf(http1, [], { hosts: hostsOf('one', 'http') }),
    listenerOf(http2, [], { hosts: hostsOf(behind === 'http' ? 'one' : 'two', behind) }),
  ]);
  return {
    process: edge.process,
    http1: `http://127.0.0.1:${http1}/`,
    http2: `http://127.0.0.1:${http2}/`,
    stop: () => edge.stop(),
  };
}

interface Ports {
  readonly http1: number;
  readonly http2: number | undefined;
}

function contender(running: RunningProcess, ports: Ports, folder: string | undefined): RunningContender {
  return {
    process: running,
    http1: `http://127.0.0.1:${ports.http1}/`,
    http2: ports.http2 === undefined ? undefined : `http://127.0.0.1:${ports.http2}/`,
    stop: async () => {
      await running.stop();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
