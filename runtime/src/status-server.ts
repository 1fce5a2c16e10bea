import { createServer, type ServerResponse } from 'node:http';
import { METRICS_CONTENT_TYPE, type Metrics } from './metrics.ts';
import { closeServer, listenOn, type SmallServer } from './small-server.ts';

export interface StatusPage {
  readonly status: number;
  readonly text: string;
  /** Default `text/plain`. */
  readonly contentType?: string;
}

/** Pages of one program beside `/live`, `/ready` and `/metrics`. */
export interface StatusPages {
  readonly paths: readonly string[];
  /** Undefined: no such page. */
  ask(path: string): StatusPage | Promise<StatusPage> | undefined;
}

export interface StatusDeps {
  readonly metrics: Pick<Metrics, 'expose'>;
  /** Why nothing should come now (`starting`, `draining`); empty: ready. */
  readonly notReady: () => readonly string[];
  readonly pages?: StatusPages;
}

const OWN_PATHS = ['/live', '/ready', '/metrics'];
const NO_PAGES: StatusPages = { paths: [], ask: () => undefined };

/** What the kubelet and Prometheus ask for, on the pod's address: nothing here can be changed and nothing of a request is shown. */
export function createStatusServer({ metrics, notReady, pages = NO_PAGES }: StatusDeps): SmallServer {
  const own = (path: string): StatusPage | undefined => {
    if (path === '/live') return { status: 200, text: 'live\n' };
    if (path === '/ready') return readyPage(notReady());
    if (path === '/metrics') {
      return { status: 200, text: metrics.expose(), contentType: METRICS_CONTENT_TYPE };
    }
    return undefined;
  };
  const answer = async (path: string): Promise<StatusPage> => {
    const page = own(path) ?? (await pages.ask(path));
    return page ?? { status: 404, text: `there are: ${[...OWN_PATHS, ...pages.paths].join(', ')}\n` };
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'GET' || request.method === 'HEAD') {
      void answer(path).then((page) => send(response, page));
    } else {
      response.setHeader('allow', 'GET, HEAD');
      send(response, { status: 405, text: 'only GET\n' });
    }
  });
  return { listen: (at) => listenOn(server, at), close: () => closeServer(server) };
}

function readyPage(reasons: readonly string[]): StatusPage {
  if (reasons.length === 0) return { status: 200, text: 'ready\n' };
  return { status: 503, text: `not ready: ${reasons.join('; ')}\n` };
}

function send(response: ServerResponse, { status, text, contentType }: StatusPage): void {
  const headers = {
    'content-type': contentType ?? 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  };
  response.writeHead(status, headers).end(text);
}
