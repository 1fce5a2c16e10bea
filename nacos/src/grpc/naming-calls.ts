import type { AccessToken } from '../access-token.ts';
import type { InstanceList, ServiceKey } from '../instance.ts';
import { NacosError } from '../nacos-error.ts';
import { asNacosError } from '../as-nacos-error.ts';
import type { Connection } from './connection.ts';
import { list, number, text, type JsonObject } from './wire/json-body.ts';
import { plainName, readServiceInfo, type ServiceInfo } from './wire/service-info.ts';

/** What is asked of a server about services, in its words. All reject with a NacosError. */
export interface NamingCalls {
  subscribe(connection: Connection, service: ServiceKey): Promise<ServiceInfo>;
  unsubscribe(connection: Connection, service: ServiceKey): Promise<void>;
  query(connection: Connection, service: ServiceKey): Promise<InstanceList>;
  listServices(connection: Connection, group: string): Promise<readonly string[]>;
}

/** The id of the namespace that people leave empty. */
const PUBLIC = 'public';
const PAGE = 5000;
/** A server that goes on telling of more is broken. */
const MAX_PAGES = 100;

export interface NamingCallsOptions {
  readonly namespace: string;
  readonly token: AccessToken;
  /** Says whose words an error repeats. */
  readonly describe: (error: NacosError) => NacosError;
}

export function createNamingCalls({ namespace, token, describe }: NamingCallsOptions): NamingCalls {
  const call = (connection: Connection, type: string, fields: JsonObject): Promise<JsonObject> =>
    callAuthorized(token, (accessToken) =>
      connection.request(type, { namespace: namespace === '' ? PUBLIC : namespace, ...fields }, accessToken),
    ).catch((error: unknown) => {
      throw describe(asNacosError(error));
    });
  const setSubscribed = (
    connection: Connection,
    { group, name }: ServiceKey,
    subscribe: boolean,
  ): Promise<JsonObject> =>
    call(connection, 'SubscribeServiceRequest', {
      ...{ groupName: group, serviceName: name },
      subscribe,
      clusters: '',
    });
  return {
    subscribe: async (connection, service) =>
      readServiceInfo((await setSubscribed(connection, service, true))['serviceInfo']),
    async unsubscribe(connection, service) {
      await setSubscribed(connection, service, false);
    },
    async query(connection, { group, name }) {
      const fields = { groupName: group, serviceName: name, cluster: '', healthyOnly: false, udpPort: 0 };
      return readServiceInfo((await call(connection, 'ServiceQueryRequest', fields))['serviceInfo']).list;
    },
    listServices: (connection, group) =>
      allPages(group, (pageNo) =>
        call(connection, 'ServiceListRequest', { groupName: group, serviceName: '', pageNo, pageSize: PAGE }),
      ),
  };
}

/** A token may end, or be taken back, before its time: then once more with a new one. */
async function callAuthorized(
  token: AccessToken,
  call: (accessToken: string | undefined) => Promise<JsonObject>,
): Promise<JsonObject> {
  const first = await token.current();
  try {
    return await call(first);
  } catch (error) {
    if (!(error instanceof NacosError) || error.code !== 'nacos_credentials_refused') throw error;
    token.refused(first);
    const second = await token.current();
    if (second === undefined) throw error;
    return call(second);
  }
}

async function allPages(
  group: string,
  page: (number: number) => Promise<JsonObject>,
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (let at = 1; at <= MAX_PAGES; at++) {
    const answer = await page(at);
    const found = list(answer['serviceNames'] ?? [], 'serviceNames');
    for (const name of found) names.add(plainName(text(name, 'a service name'), group));
    if (found.length === 0 || at * PAGE >= number(answer['count'] ?? 0, 'count')) break;
  }
  return [...names];
}
