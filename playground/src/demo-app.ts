/**
 * The application of the playground, one process each for A, B, C and their gray versions. It knows its own name, whom it calls
 * and, as `http_proxy` would tell it, the address of its outbound proxy; of lanes it knows nothing. It answers
 * `A[127.0.1.1] -> ` and what its callee answered. Like an application with tracing it hands on the ids of a request; asked
 * with `?forward=nothing` it hands on no header at all.
 */
import { createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** What a tracing library hands on. The tag of the lane is not among them. */
const TRACED = ['x-request-id', 'traceparent'];
const CALL_TIMEOUT_MS = 5_000;

interface AppSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly proxy: { readonly address: string; readonly port: number };
  /** Host name of the callee; empty: none. */
  readonly calls: string;
}

function readSettings(env: NodeJS.ProcessEnv): AppSettings {
  const { APP_NAME = '', APP_ADDRESS = '', APP_PORT = '', APP_CALLS = '', APP_PROXY_PORT = '' } = env;
  const proxy = { address: APP_ADDRESS, port: Number(APP_PROXY_PORT) };
  return { name: APP_NAME, address: APP_ADDRESS, port: Number(APP_PORT), proxy, calls: APP_CALLS };
}

/** One request in absolute form to the outbound proxy: what any HTTP client does that was given a proxy. */
function callNext(settings: AppSettings, incoming: IncomingMessage, query: string): Promise<string> {
  const headers: Record<string, string> = { host: settings.calls };
  const traced = query === '?forward=nothing' ? [] : TRACED;
  for (const name of traced) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return new Promise((resolve, reject) => {
    const path = `http://${settings.calls}/${query}`;
    const options = {
      host: settings.proxy.address,
      port: settings.proxy.port,
      path,
      headers,
      timeout: CALL_TIMEOUT_MS,
    };
    const call = request(options, (response) => {
      buffer(response).then((body) => {
        const text = body.toString('utf8').trim();
        resolve(response.statusCode === 200 ? text : `${settings.calls}: ${response.statusCode} ${text}`);
      }, reject);
    });
    call.once('timeout', () => call.destroy(new Error(`no answer within ${CALL_TIMEOUT_MS} ms`)));
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

function serve(settings: AppSettings): void {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/healthz') {
      response.end('ok\n');
      return;
    }
    answer(settings, incoming, response).catch((error: unknown) => {
      response.statusCode = 502;
      response.end(`${settings.name} could not call ${settings.calls}: ${String(error)}\n`);
    });
  });
  server.listen(settings.port, settings.address);
  process.once('SIGTERM', () => {
    server.close();
    server.closeIdleConnections();
  });
}

serve(readSettings(process.env));
