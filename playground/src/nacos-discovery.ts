import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';

/** How an application is known in Nacos, and where Nacos is. */
export interface NacosRegistration {
  /** `127.0.0.1:8848` */
  readonly server: string;
  readonly service: string;
  readonly ip: string;
  readonly port: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * What an application's Nacos library does, in little (HTTP API v1, as every client before 2.0): it registers the application and
 * sends its beats, looks callees up and balances among them by itself. It knows nothing of lanes: any instance is as good as another.
 */
export interface NacosDiscovery {
  register(): Promise<void>;
  deregister(): Promise<void>;
  /** `127.0.2.1:15006`: a random one of the instances of `service`. Rejects while none was ever seen. */
  choose(service: string): Promise<string>;
}

const BEAT_MS = 5_000;
const LOOKUP_MS = 1_000;
const TIMEOUT_MS = 2_000;
const GROUP = 'DEFAULT_GROUP';
/** In the answer to a beat: the server does not know this instance (any more). */
const UNKNOWN_INSTANCE = 20_404;

interface Host {
  readonly ip: string;
  readonly port: number;
}

/** One request to the server's API; rejects where it does not answer in time or says no. */
function callServer(
  server: string,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const call = request(`http://${server}/nacos/v1/ns/${path}`, { method, signal }, (response) => {
      buffer(response).then((body) => {
        const text = body.toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`Nacos at ${server} answered ${response.statusCode} ${text}`.trim()));
      }, reject);
    });
    call.once('error', reject);
    call.end();
  });
}

function createLookup(server: string): NacosDiscovery['choose'] {
  const known = new Map<string, readonly Host[]>();

  async function look(service: string): Promise<void> {
    const query = new URLSearchParams({ serviceName: service, healthyOnly: 'true' });
    const { hosts } = JSON.parse(await callServer(server, 'GET', `instance/list?${query.toString()}`)) as {
      readonly hosts: readonly Host[];
    };
    // An empty answer is not believed, as in the clients of the field (`namingPushEmptyProtection`, the npm package).
    if (hosts.length > 0 || !known.has(service)) known.set(service, hosts);
  }

  function follow(service: string): void {
    const again = (): void => {
      // While Nacos is away the last list is good.
      void look(service)
        .catch(() => undefined)
        .then(() => setTimeout(again, LOOKUP_MS).unref());
    };
    setTimeout(again, LOOKUP_MS).unref();
  }

  return async (service) => {
    if (!known.has(service)) {
      await look(service);
      follow(service);
    }
    const hosts = known.get(service) ?? [];
    const chosen = hosts[Math.floor(Math.random() * hosts.length)];
    if (chosen === undefined) throw new Error(`Nacos knows no instance of ${service}`);
    return `${chosen.ip}:${chosen.port}`;
  };
}

export function createNacosDiscovery(registration: NacosRegistration): NacosDiscovery {
  const { server, service, ip, port, metadata } = registration;
  const query = new URLSearchParams({
    ...{ serviceName: service, groupName: GROUP, ip, port: String(port), ephemeral: 'true' },
    metadata: JSON.stringify(metadata),
  }).toString();
  const beat = new URLSearchParams({
    ...{ serviceName: `${GROUP}@@${service}`, ip, port: String(port), ephemeral: 'true' },
    beat: JSON.stringify({
      ip,
      port,
      serviceName: `${GROUP}@@${service}`,
      cluster: 'DEFAULT',
      weight: 1,
      metadata,
    }),
  }).toString();
  const beatMs = Number(metadata['preserved.heart.beat.interval'] ?? BEAT_MS);
  let beating: NodeJS.Timeout | undefined;

  const register = async (): Promise<void> => {
    await callServer(server, 'POST', `instance?${query}`);
    beating ??= setInterval(() => void keepAlive().catch(() => undefined), beatMs).unref();
  };
  const keepAlive = async (): Promise<void> => {
    const answer = JSON.parse(await callServer(server, 'PUT', `instance/beat?${beat}`)) as {
      readonly code?: number;
    };
    if (answer.code === UNKNOWN_INSTANCE && beating !== undefined) await register();
  };
  return {
    register,
    async deregister() {
      clearInterval(beating);
      beating = undefined;
      await callServer(server, 'DELETE', `instance?${query}`);
    },
    choose: createLookup(server),
  };
}
