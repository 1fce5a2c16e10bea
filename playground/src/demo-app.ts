/**
 * The application of the playground, one process each for A, B, C and their gray versions. It knows its own name, whom it calls
 * and, as `http_proxy` would tell it, the address of its outbound proxy; of lanes it knows nothing. It answers
 * `A[127.0.1.1] -> ` and what its callee answered. Like an application with tracing it hands on the ids of a request; asked
 * with `?forward=nothing` it hands on no header at all.
 *
 * Without Nacos it calls its callee by name. With it, it registers itself, and calls an instance that it has chosen itself;
 * `DELETE /registration` and `PUT /registration` take it out of Nacos and back.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { createNacosDiscovery } from './nacos-discovery.ts';
import type { NacosDiscovery } from './nacos-discovery.ts';

/** What a tracing library hands on. The tag of the lane is not among them. */
const TRACED = ['x-request-id', 'traceparent'];
/** Unless APP_CALL_TIMEOUT_MS says something else. */
const CALL_TIMEOUT_MS = 5_000;

interface AppSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly proxy: { readonly address: string; readonly port: number };
  /** Host name, or service in Nacos, of the callee; empty: none. */
  readonly calls: string;
  readonly timeoutMs: number;
  /** Undefined: the callee is called by its name. */
  readonly nacos: NacosDiscovery | undefined;
}

function nacosOf(env: NodeJS.ProcessEnv): NacosDiscovery | undefined {
  const { APP_NACOS, APP_SERVICE = '', APP_ADDRESS = '', APP_NACOS_PORT = '', APP_METADATA = '{}' } = env;
  if (APP_NACOS === undefined) return undefined;
  return createNacosDiscovery({
    server: APP_NACOS,
    service: APP_SERVICE,
    ip: APP_ADDRESS,
    port: Number(APP_NACOS_PORT),
    metadata: JSON.parse(APP_METADATA) as Record<string, string>,
  });
}

function readSettings(env: NodeJS.ProcessEnv): AppSettings {
  const { APP_NAME = '', APP_ADDRESS = '', APP_PORT = '', APP_CALLS = '', APP_PROXY_PORT = '' } = env;
  const timeoutMs = Number(env['APP_CALL_TIMEOUT_MS'] ?? CALL_TIMEOUT_MS);
  const proxy = { address: APP_ADDRESS, port: Number(APP_PROXY_PORT) };
  const place = { name: APP_NAME, address: APP_ADDRESS, port: Number(APP_PORT) };
  return { ...place, proxy, calls: APP_CALLS, timeoutMs, nacos: nacosOf(env) };
}

/** One request in absolute form to the outbound proxy: what any HTTP client does that was given a proxy. */
async function callNext(settings: AppSettings, incoming: IncomingMessage, query: string): Promise<string> {
  const { calls, proxy, timeoutMs, nacos } = settings;
  const to = (await nacos?.choose(calls)) ?? calls;
  const headers: Record<string, string> = { host: to };
  const traced = query === '?forward=nothing' ? [] : TRACED;
  for (const name of traced) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return new Promise((resolve, reject) => {
    const path = `http://${to}/${query}`;
    const options = { host: proxy.address, port: proxy.port, path, headers, timeout: timeoutMs };
    const call = request(options, (response) => {
      buffer(response).then((body) => {
        const text = body.toString('utf8').trim();
        resolve(response.statusCode === 200 ? text : `${calls}: ${response.statusCode} ${text}`);
      }, reject);
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    call.once('error', reject);
    call.end();
  });
}

async function answer(
  settings: AppSettings,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const query = new URL(incoming.url ?? '/', 'http://app').search;
  const self = `${settings.name}[${settings.address}]`;
  const chain = settings.calls === '' ? self : `${self} -> ${await callNext(settings, incoming, query)}`;
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${chain}\n`);
}

async function changeRegistration({ nacos }: AppSettings, method: string | undefined): Promise<void> {
  if (method === 'DELETE') await nacos?.deregister();
  else await nacos?.register();
}

function handle(settings: AppSettings, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (incoming.url === '/registration') {
    return changeRegistration(settings, incoming.method).then(() => void response.end('done\n'));
  }
  return answer(settings, incoming, response);
}

async function serve(settings: AppSettings): Promise<void> {
  let isUp = false;
  const server = createServer((incoming, response) => {
    if (incoming.url === '/healthz') {
      response.writeHead(isUp ? 200 : 503).end(isUp ? 'ok\n' : 'not registered yet\n');
      return;
    }
    handle(settings, incoming, response).catch((error: unknown) => {
      response.statusCode = 502;
      response.end(`${settings.name} could not call ${settings.calls}: ${String(error)}\n`);
    });
  });
  const end = (): void => {
    server.close();
    server.closeIdleConnections();
  };
  process.once('SIGTERM', () => {
    // Nobody is to be sent here any more; only then it stops listening.
    const left = settings.nacos?.deregister() ?? Promise.resolve();
    left.then(end, end);
  });
  server.listen(settings.port, settings.address);
  await once(server, 'listening');
  await settings.nacos?.register();
  isUp = true;
}

await serve(readSettings(process.env));
