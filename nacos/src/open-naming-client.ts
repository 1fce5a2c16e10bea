import type { AccessToken } from './access-token.ts';
import type { ClientDependencies } from './client-dependencies.ts';
import type { NamingReport } from './grpc/naming-report.ts';
import { openGrpcNamingClient } from './grpc/open-grpc-naming-client.ts';
import { openHttpNamingClient } from './http/open-http-naming-client.ts';
import { tokenFor } from './http/token-for.ts';
import type { NamingClient } from './naming-client.ts';
import { openUndecidedNamingClient } from './open-undecided-naming-client.ts';
import type { ServerOptions } from './server-options.ts';

export interface NamingDependencies extends ClientDependencies {
  /** Told of what comes over gRPC. */
  readonly metrics?: NamingReport;
}

/** The naming client for what the server speaks; with `auto` that is found out once the server is there. */
export function openNamingClient(options: ServerOptions, dependencies: NamingDependencies): NamingClient {
  const { log, metrics } = dependencies;
  const token = tokenFor(options, dependencies);
  const open = {
    grpc: (): NamingClient =>
      openGrpcNamingClient(options, { log, token, ...(metrics === undefined ? {} : { metrics }) }),
    http: (): NamingClient => openHttpNamingClient(options, { log, token }),
  };
  const client =
    options.protocol === 'auto'
      ? openUndecidedNamingClient(options, { log, token, open })
      : open[options.protocol]();
  return withToken(client, token);
}

function withToken(
  client: NamingClient,
  token: AccessToken & { readonly release: () => void },
): NamingClient {
  return {
    listServices: (group) => client.listServices(group),
    query: (service) => client.query(service),
    subscribe: (service, listener) => client.subscribe(service, listener),
    refresh: (service) => client.refresh(service),
    status: () => client.status(),
    onStatus: (listener) => client.onStatus(listener),
    async close() {
      await client.close();
      token.release();
    },
  };
}
